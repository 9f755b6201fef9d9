internal import HTTP
internal import JSON
internal import LambdaEvents

/// The proxy's own routes, under `/_proxy/`; every other path is MLflow's.
enum OwnRoutes {
    /// The answer of the proxy's own, or nil when the request is for MLflow. None of these asks MLflow or needs to know
    /// the caller.
    static func answer(_ request: ALBTargetRequest) throws(ProxyError) -> HTTPResponse? {
        if request.path == "/_proxy/health" {
            guard request.method == .get || request.method == .head else {
                throw .methodNotAllowed("The health route answers GET and HEAD.", allowed: [.get, .head])
            }
            return healthy
        }
        if isLoadBalancerHealthCheck(request) { return healthy }
        if isOwn(request.path) { throw .notFound("The proxy has no such route; it has /_proxy/health.") }
        return nil
    }

    private static var healthy: HTTPResponse { .json(status: 200, ["status": "ok"]) }

    /// However it is encoded, a path under `/_proxy` never reaches MLflow.
    private static func isOwn(_ path: String) -> Bool {
        let decoded = String(decoding: PercentEncoding.decode(path), as: UTF8.self)
        return decoded == "/_proxy" || decoded.hasPrefix("/_proxy/")
    }

    /// Whether the target group itself asks, on one of the usual paths. Its checks alone have neither `Host` nor
    /// `X-Forwarded-For`: the load balancer adds those to whatever comes from outside, so nobody can feign this.
    private static func isLoadBalancerHealthCheck(_ request: ALBTargetRequest) -> Bool {
        ["/", "/health"].contains(request.path) && !request.headers.contains("x-forwarded-for")
            && !request.headers.contains("host")
            && request.headers["user-agent"]?.hasPrefix("ELB-HealthChecker/") == true
    }
}
