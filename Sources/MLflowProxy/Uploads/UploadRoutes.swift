internal import AWSServices
internal import HTTP
internal import JSON
internal import LambdaEvents

/// `/_proxy/uploads`: presigned URLs for artifacts that are larger than what the load balancer takes.
///
/// The bytes go from the client to the artifact store in S3, and past the proxy. Nothing is remembered between calls: each
/// names the run, the path and the size, and where that is is looked up anew, so that nobody can sign for a place that is
/// not the run's.
struct UploadRoutes: Sendable {
    /// What a call does.
    enum Step: String, Sendable, CaseIterable {
        /// Begins an upload and gives the first URLs.
        case begin = ""
        /// Gives URLs for further parts.
        case parts = "/parts"
        /// Makes the artifact of its parts.
        case complete = "/complete"
        /// Gives the upload up.
        case abort = "/abort"

        var path: String { "/_proxy/uploads\(rawValue)" }
    }

    let locations: [UploadLocation]
    let access: AccessPolicy

    /// How long a URL holds.
    static let expiration = Duration.seconds(900)
    /// The time that S3 may take for a call; completing a large upload may take minutes.
    private static let timeout = Duration.seconds(20)
    private static let completionTimeout = Duration.seconds(300)

    func answer(_ request: OwnRequest, _ step: Step) async throws -> HTTPResponse {
        try access.require(.write, for: "An upload changes something")
        guard !locations.isEmpty else {
            throw ProxyError.notFound(
                "This proxy hands out no uploads: PROXY_UPLOAD_LOCATIONS is not set to where the artifacts are in S3.")
        }
        let order = try UploadOrder(request.event)
        let location = try await ArtifactOwner(order: order, locations: locations).location(of: order.path, request)
        do {
            switch step {
            case .begin: return try await begin(order, location, request)
            case .parts: return try await parts(order, location, request)
            case .complete: return try await complete(order, location, request)
            case .abort: return try await abort(order, location, request)
            }
        } catch {
            throw try UploadFault.of(error, context: request.context)
        }
    }

    private func begin(
        _ order: UploadOrder, _ location: S3Location, _ request: OwnRequest
    ) async throws -> HTTPResponse {
        let plan = UploadPlan(size: try order.size)
        var headers = HTTPHeaders()
        if let type = try order.contentType { headers["content-type"] = type }
        guard try order.isMultipart ?? (plan.size > UploadPlan.largestSingle) else {
            return try await single(plan, location, headers, request)
        }
        let s3 = request.s3
        let id = try await request.within(Self.timeout, "S3") { [headers] in
            try await s3.createMultipartUpload(location, headers: headers)
        }
        let first = 1...min(plan.partCount, UploadPlan.urlsPerAnswer)
        return Self.answer([
            ("upload_id", .string(id)), ("location", .string(location.description)),
            ("part_size", .integer(plan.partSize)), ("part_count", .integer(plan.partCount)),
            ("parts", try await urls(first, plan, id, location, request)),
        ])
    }

    private func single(
        _ plan: UploadPlan, _ location: S3Location, _ headers: HTTPHeaders, _ request: OwnRequest
    ) async throws -> HTTPResponse {
        guard plan.size <= UploadPlan.largestPut else {
            throw ProxyError.invalidParameter(
                "An artifact of \(plan.size) bytes goes up in parts: leave multipart out. S3 takes "
                    + "\(UploadPlan.largestPut) bytes at once.")
        }
        let url = try await request.s3.presignedURL(
            .put, location, headers: Self.sized(plan.size, headers), expiresIn: Self.expiration)
        return Self.answer([
            ("method", "PUT"), ("url", .string(url)), ("location", .string(location.description)),
            ("size", .integer(plan.size)),
            (
                "headers",
                .object(JSONObject(headers.map { JSONObject.Member(name: $0.name, value: .string($0.value)) }))
            ),
        ])
    }

    private func parts(
        _ order: UploadOrder, _ location: S3Location, _ request: OwnRequest
    ) async throws -> HTTPResponse {
        let plan = UploadPlan(size: try order.size)
        return Self.answer([
            ("parts", try await urls(try order.numbers(of: plan), plan, try order.uploadID, location, request))
        ])
    }

    private func complete(
        _ order: UploadOrder, _ location: S3Location, _ request: OwnRequest
    ) async throws -> HTTPResponse {
        let plan = UploadPlan(size: try order.size)
        let parts = try order.parts(of: plan)
        let id = try order.uploadID
        let s3 = request.s3
        try await request.within(Self.completionTimeout, "S3") {
            try await s3.completeMultipartUpload(location, uploadID: id, parts: parts)
        }
        return .json(status: 200, ["location": .string(location.description), "size": .integer(plan.size)])
    }

    private func abort(
        _ order: UploadOrder, _ location: S3Location, _ request: OwnRequest
    ) async throws -> HTTPResponse {
        let id = try order.uploadID
        let s3 = request.s3
        try await request.within(Self.timeout, "S3") { try await s3.abortMultipartUpload(location, uploadID: id) }
        return .json(status: 200, ["location": .string(location.description)])
    }

    private func urls(
        _ numbers: ClosedRange<Int>, _ plan: UploadPlan, _ id: String, _ location: S3Location, _ request: OwnRequest
    ) async throws -> JSONValue {
        var parts: [JSONValue] = []
        let s3 = request.s3
        for number in numbers {
            let size = plan.size(ofPart: number)
            let url = try await s3.presignedURL(
                .put, location, query: [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)],
                headers: Self.sized(size), expiresIn: Self.expiration)
            parts.append(["number": .integer(number), "size": .integer(size), "url": .string(url)])
        }
        return .array(parts)
    }

    /// The size is signed, so that exactly the bytes that were announced can be sent.
    private static func sized(_ size: Int, _ headers: HTTPHeaders = [:]) -> HTTPHeaders {
        var headers = headers
        headers["content-length"] = String(size)
        return headers
    }

    private static func answer(_ members: [(String, JSONValue)]) -> HTTPResponse {
        var object = JSONObject(members.map { JSONObject.Member(name: $0.0, value: $0.1) })
        object.append("expires_in", .integer(expiration.components.seconds))
        return .json(status: 200, .object(object))
    }
}
