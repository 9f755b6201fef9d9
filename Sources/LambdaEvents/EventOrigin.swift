internal import JSON

/// Tells an ALB target event from the events of other services, so that a wrong trigger is named.
enum EventOrigin {
    /// The ARN of the target group, which only an ALB target event has.
    static func targetGroup(of event: JSONObject) throws(ALBEventError) -> String {
        guard let context = event["requestContext"], let balancer = context["elb"], !balancer.isNull else {
            throw ALBEventError(
                "This is not an ALB target event: requestContext.elb is missing. \(advice(for: event))")
        }
        guard balancer.object != nil else {
            throw .wrongType("requestContext.elb", expected: "an object", found: balancer.kind)
        }
        guard let arn = balancer["targetGroupArn"], !arn.isNull else { return "" }
        guard let text = arn.string else {
            throw .wrongType("requestContext.elb.targetGroupArn", expected: "a string", found: arn.kind)
        }
        return text
    }

    private static func advice(for event: JSONObject) -> String {
        let remedy = "register the function as the Lambda target of an Application Load Balancer"
        guard let name = name(of: event) else { return "To use the function, \(remedy)." }
        return "It looks like \(name); \(remedy) instead."
    }

    private static func name(of event: JSONObject) -> String? {
        let context = event["requestContext"]
        if context?["http"] != nil { return "an event of a Lambda function URL or an API Gateway HTTP API" }
        if context?["connectionId"] != nil { return "an event of an API Gateway WebSocket API" }
        if context?["apiId"] != nil || context?["stage"] != nil { return "an event of an API Gateway REST API" }
        if context?["serviceNetworkArn"] != nil { return "an event of VPC Lattice" }
        if event["RequestType"] != nil, event["ResponseURL"] != nil {
            return "a CloudFormation custom resource request"
        }
        if event["detail-type"] != nil { return "an EventBridge event" }
        if event["Records"] != nil { return "an event of a queue, topic, stream or bucket" }
        return nil
    }
}
