internal import AWSServices
internal import HTTP
internal import JSON

/// The run or logged model that an artifact is of, as MLflow knows it.
struct ArtifactOwner {
    let order: UploadOrder
    let locations: [UploadLocation]

    /// Where the artifact of a path goes.
    ///
    /// - Throws: ``ProxyError`` with MLflow's own words when there is no such owner, and when its artifacts are not where
    ///   uploads may go; `CancellationError`.
    func location(of path: String, _ request: OwnRequest) async throws -> S3Location {
        let info = try await info(request)
        guard info["lifecycle_stage"]?.string ?? "active" == "active" else {
            throw ProxyError(status: 400, code: "INVALID_STATE", message: "The run is deleted; restore it first.")
        }
        guard let owner = info["artifact_uri"]?.string.flatMap(ArtifactPlace.location(of:)) else {
            throw ProxyError.invalidParameter(
                "The artifacts are not in S3 (artifact_uri is no s3:// URI): upload through MLflow's own API.")
        }
        let location = try ArtifactPlace.location(of: path, below: owner)
        guard locations.contains(where: { $0.contains(location) }) else {
            throw ProxyError.forbidden(
                "The artifacts are in s3://\(owner.bucket)/, at a place where this proxy uploads nothing. To allow it, add "
                    + "the place to PROXY_UPLOAD_LOCATIONS.", reason: .access)
        }
        return location
    }

    private func info(_ request: OwnRequest) async throws -> JSONValue {
        let response: HTTPResponse
        switch order.owner {
        case .run(let id):
            response = try await request.ask("/api/2.0/mlflow/runs/get", query: [(name: "run_id", value: id)])
        case .loggedModel(let id):
            response = try await request.ask("/api/2.0/mlflow/logged-models/\(id)", query: [])
        }
        let answer = try? JSONValue(parsing: response.body)
        guard response.status == 200, let info = (answer?["run"] ?? answer?["model"])?["info"] else {
            throw Self.fault(response, answer)
        }
        return info
    }

    /// What MLflow says against it, in its own words.
    private static func fault(_ response: HTTPResponse, _ answer: JSONValue?) -> ProxyError {
        guard (400...499).contains(response.status), let message = answer?["message"]?.string else {
            return .badGateway("MLflow answered the question where the artifacts are with \(response.status).")
        }
        return ProxyError(
            status: response.status, code: answer?["error_code"]?.string ?? "BAD_REQUEST",
            message: String(message.prefix(1_000)))
    }
}
