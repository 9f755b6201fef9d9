internal import HTTP
internal import LambdaEvents

/// Refuses what the configuration does not allow (`PROXY_ACCESS`).
struct AccessPolicy: Sendable {
    let allowed: ProxyConfiguration.Access

    /// Throws when the request does more than is allowed.
    ///
    /// - Parameter path: The path that is asked of MLflow.
    func check(_ request: ALBTargetRequest, path: String) throws(ProxyError) {
        guard let most = allowed.most else { return }
        let access = Self.access(of: request, path: path)
        guard access > most else { return }
        let deed = access == .delete ? "may delete something" : "may change something"
        throw .forbidden(
            "\(AccessLog.printable(request.method.rawValue, limit: 16)) \(AccessLog.printable(path, limit: 512)) "
                + "\(deed), and PROXY_ACCESS of this proxy is \(allowed.rawValue).", reason: .access)
    }

    /// Throws when less is allowed than a route of the proxy's own needs.
    ///
    /// - Parameter deed: What the route does, as the start of a sentence.
    func require(_ access: RequestAccess, for deed: String) throws(ProxyError) {
        guard let most = allowed.most, access > most else { return }
        throw .forbidden("\(deed), and PROXY_ACCESS of this proxy is \(allowed.rawValue).", reason: .access)
    }

    /// What the request does. Whatever can be read in more than one way counts as the reading that does the most.
    static func access(of request: ALBTargetRequest, path: String) -> RequestAccess {
        guard let readings = PathReadings(path) else { return .delete }
        return readings.all.map { access(of: request, segments: $0) }.max() ?? .delete
    }

    private static func access(of request: ALBTargetRequest, segments: [ArraySlice<UInt8>]) -> RequestAccess {
        switch RouteTable.mlflow.access(request.method, segments) {
        case .fixed(let access): access
        case .graphQL: GraphQLRequest.access(of: request)
        case nil: unknown(request.method, segments)
        }
    }

    /// A route that this version of the proxy has not heard of, or a method that its route does not have.
    private static func unknown(_ method: HTTPMethod, _ segments: [ArraySlice<UInt8>]) -> RequestAccess {
        let name = Array(segments.joined(separator: [UInt8(ascii: "/")]))
        return method == .delete || RequestAccess.soundsDeleting(name) ? .delete : .write
    }
}

extension ProxyConfiguration.Access {
    /// The most that a request may do; nil when there is nothing to check.
    fileprivate var most: RequestAccess? {
        switch self {
        case .full: nil
        case .noDelete: .write
        case .readOnly: .read
        }
    }
}
