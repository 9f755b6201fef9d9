public import AWSCore
internal import HTTP

/// A function of the account, or a version of one that was published.
public struct LambdaFunctionSummary: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its version: a number, or `$LATEST` for what is not published.
    public var version: String?
    /// Its ARN.
    public var arn: String
    /// The VPC it is attached to.
    public var vpcID: String?
    /// The subnets it is attached to.
    public var subnetIDs: [String] = []
    /// The security groups of its interfaces.
    public var groupIDs: [String] = []
}

/// The calls of Lambda that functions need: to invoke themselves, and to name those that hold interfaces in a VPC.
///
/// Every call throws `ServiceError` with what Lambda refused, `TransportError` when it could not be reached, and
/// ``UnexpectedAnswer``.
public struct LambdaClient: Sendable {
    private let client: AWSClient

    /// Makes a client.
    ///
    /// - Parameter client: Calls Lambda; made for the service `lambda`, with errors in JSON.
    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Queues an event for a function (Invoke with the type `Event`). Lambda may deliver it more than once, and so may
    /// this, when an answer is lost.
    ///
    /// - Parameters:
    ///   - functionARN: The function, with its version or alias.
    ///   - payload: The event, JSON of 1 MB at the most.
    public func invokeEvent(functionARN: String, payload: [UInt8]) async throws {
        let request = client.endpoint.request(
            .post, path: "/2015-03-31/functions/\(PercentEncoding.encode(functionARN))/invocations",
            headers: ["x-amz-invocation-type": "Event"], body: .bytes(payload))
        let status = try await client.send("Invoke", request).status
        guard status == 202 else {
            throw UnexpectedAnswer(
                service: "lambda", operation: "Invoke", "the answer has the status \(status) instead of 202")
        }
    }

    /// All functions of account and region, with all their versions: each may be attached to a VPC of its own
    /// (ListFunctions).
    public func listFunctions() async throws -> [LambdaFunctionSummary] {
        try await allPages("lambda", "ListFunctions") { marker in
            let query =
                "FunctionVersion=ALL&MaxItems=50" + (marker.map { "&Marker=\(PercentEncoding.encode($0))" } ?? "")
            let request = client.endpoint.request(.get, path: "/2015-03-31/functions", query: query)
            let answer = try JSONAnswer(
                "lambda", "ListFunctions", try await client.send("ListFunctions", request))
            let functions = try answer.objects("Functions").map { function in
                let network = try function.child("VpcConfig")
                return LambdaFunctionSummary(
                    name: try function.text("FunctionName"), version: try function.optionalText("Version"),
                    arn: try function.text("FunctionArn"),
                    vpcID: try network?.optionalText("VpcId").flatMap { $0.isEmpty ? nil : $0 },
                    subnetIDs: try network?.texts("SubnetIds") ?? [],
                    groupIDs: try network?.texts("SecurityGroupIds") ?? [])
            }
            return Page(items: functions, next: try answer.optionalText("NextMarker"))
        }
    }
}
