internal import HTTP
internal import Logging

/// Makes the answer for the client out of the service's: the same body, and the headers that are its business.
struct UpstreamResponse: Sendable {
    let location: LocationRule
    let frameAncestors: [WebOrigin]
    /// The bucket's origin, where large answers come from.
    var storage: WebOrigin?

    func make(from response: HTTPResponse, to request: HTTPRequest, logger: Logger) throws(ProxyError) -> HTTPResponse {
        guard (200...599).contains(response.status) else {
            throw .badGateway("The MLflow service answered with the impossible status \(response.status).")
        }
        var headers = forwarded(response.headers, logger)
        if let target = response.headers["location"] {
            guard let rewritten = location.rewrite(target) else {
                throw .badGateway("The MLflow service redirects to a place that the proxy does not send anyone to.")
            }
            headers["location"] = rewritten
        }
        let policies = response.headers.values("content-security-policy")
        headers["content-security-policy"] = FrameAncestors.policy(
            storage.map { ContentSources.adding($0, to: policies) } ?? policies, allowing: frameAncestors)
        var answer = HTTPResponse(status: response.status, headers: headers)
        switch response.status {
        case 204, 205, 304:
            answer.headers.remove("content-type")
        default:
            if request.method != .head { answer.body = response.body }
        }
        return answer
    }

    private func forwarded(_ headers: HTTPHeaders, _ logger: Logger) -> HTTPHeaders {
        let hopByHop = HopByHop(headers)
        var output = HTTPHeaders()
        output.reserveCapacity(headers.fields.count + 4)
        for field in headers where !hopByHop.contains(field.name) {
            let name = HTTPToken.lowercased(field.name)
            guard field.isValid else {
                logger.warning("a malformed header of the MLflow service's answer is left out")
                continue
            }
            switch name {
            case "set-cookie":
                if let cookie = SetCookieRule.rewrite(field.value) { output.append(name, cookie) }
            case "x-amzn-requestid":
                output.append("x-mlflow-request-id", field.value)
            // MLflow's servers send two dates; the first is nearest to the service.
            case "date" where output.contains("date"): break
            default:
                if !Self.isDropped(name) { output.append(name, field.value) }
            }
        }
        return output
    }

    private static func isDropped(_ name: String) -> Bool {
        droppedNames.contains(name) || name.hasPrefix("access-control-")
    }

    private static let droppedNames: Set<String> = [
        // Written anew.
        "content-length", "content-security-policy", "location", "x-frame-options",
        // The listener's business.
        "server", "strict-transport-security",
        // Names the service's own host.
        "content-location",
    ]
}

/// The one directive by which the proxy decides who may frame MLflow, in place of the service's own.
enum FrameAncestors {
    /// The service's policies without their `frame-ancestors`, and ours.
    static func policy(_ policies: [String], allowing origins: [WebOrigin]) -> String {
        // A comma separates whole policies (CSP 3, section 4.1); each keeps its own place.
        let kept = policies.flatMap { FieldValue.list($0) }.compactMap { policy -> String? in
            let directives = FieldValue.list(policy, separator: ";").filter { directive in
                !HTTPHeaders.sameName(FieldValue.words(directive).first ?? "", "frame-ancestors")
            }
            return directives.isEmpty ? nil : directives.joined(separator: "; ")
        }
        let ours = (["frame-ancestors 'self'"] + origins.map(\.description)).joined(separator: " ")
        return (kept + [ours]).joined(separator: ", ")
    }
}
