internal import HTTP

/// The trace that a request belongs to, as X-Ray (`X-Amzn-Trace-Id`) and W3C Trace Context (`traceparent`) write it.
///
/// Both go on to the service and are never signed: what is between here and there may change them. What is malformed goes
/// nowhere.
struct TraceContext: Sendable, Equatable {
    /// What goes on in `X-Amzn-Trace-Id`: Lambda's own header, whose parent is this function, or else the load
    /// balancer's.
    let xRay: String?
    /// What goes on in `traceparent`.
    let parent: String?
    /// The id of Lambda's trace.
    let xRayTraceID: String?
    /// The id in the load balancer's access log.
    let loadBalancerTraceID: String?
    /// The id of the client's own trace.
    let w3cTraceID: String?

    /// Reads the trace of a request.
    ///
    /// - Parameters:
    ///   - headers: The client's headers, to which the load balancer has added its own.
    ///   - runtime: What Lambda says of the invocation.
    init(_ headers: HTTPHeaders, runtime: String?) {
        let fromLambda = runtime.flatMap(Self.validXRay)
        let fromLoadBalancer = headers.values("x-amzn-trace-id").only.flatMap(Self.validXRay)
        xRay = (fromLambda ?? fromLoadBalancer)?.text
        xRayTraceID = fromLambda?.root
        loadBalancerTraceID = fromLoadBalancer?.root
        parent = headers.values("traceparent").only.flatMap { Self.isTraceParent($0) ? $0 : nil }
        w3cTraceID = parent.map { String($0.dropFirst(3).prefix(32)) }
    }

    /// Puts the trace into the headers of the request to the service, in place of what the client sent. `tracestate`
    /// means nothing without its `traceparent` (W3C Trace Context, section 3.3).
    func carry(into headers: inout HTTPHeaders) {
        headers["x-amzn-trace-id"] = xRay
        headers["traceparent"] = parent
        if parent == nil { headers.remove("tracestate") }
    }

    /// A header of `Name=value` parts separated by semicolons, of which `Root` is the trace's id: the version 1, eight
    /// hexadecimal digits of time, 24 of chance.
    private static func validXRay(_ text: String) -> (text: String, root: String)? {
        guard text.utf8.count <= 512 else { return nil }
        var root: String?
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, HTTPToken.isToken(String(pair[0])), HTTPToken.isVisible(String(pair[1])) else {
                return nil
            }
            guard pair[0] == "Root" else { continue }
            guard root == nil, isRoot(pair[1]) else { return nil }
            root = String(pair[1])
        }
        return root.map { (text, $0) }
    }

    private static func isRoot(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "1" && isHex(parts[1], 8) && isHex(parts[2], 24)
    }

    /// `version-traceid-parentid-flags` (W3C Trace Context, section 3.2.2); later versions may add parts.
    private static func isTraceParent(_ text: String) -> Bool {
        guard text.utf8.count <= 128, HTTPToken.isVisible(text) else { return false }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count >= 4 && (parts[0] != "00" || parts.count == 4) && isHex(parts[0], 2) && parts[0] != "ff"
            && isHex(parts[1], 32) && isHex(parts[2], 16) && isHex(parts[3], 2)
            && !parts[1].allSatisfy { $0 == "0" } && !parts[2].allSatisfy { $0 == "0" }
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension [String] {
    /// The one element; of several, none is the one.
    fileprivate var only: String? { count == 1 ? first : nil }
}
