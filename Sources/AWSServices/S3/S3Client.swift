public import AWSCore
internal import AWSSigning
public import HTTP
internal import XML

/// The calls of the Simple Storage Service that objects are put, looked up and handed out with.
///
/// A bucket is addressed as a host of its own, or by path where that cannot be: with an endpoint of `AWS_ENDPOINT_URL…`,
/// and with dots in its name, which no certificate covers. Every call may go out twice and does no harm then.
public struct S3Client: Sendable {
    let client: AWSClient

    /// Makes a client.
    ///
    /// - Parameter client: Calls S3 in the buckets' region; made for the service `s3`, with errors in XML and the signing
    ///   settings `s3`.
    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Looks an object up (HeadObject).
    ///
    /// - Returns: What is known of it, or nil when it or its bucket is not there.
    /// - Throws: ``S3ArgumentError``, `ServiceError`, `TransportError`. Where the caller may not list the bucket, S3
    ///   answers 403 for an object that is not there.
    public func head(_ location: S3Location) async throws -> S3Object? {
        do {
            return try S3Object(try await send("HeadObject", try request(.head, location), location))
        } catch let error as ServiceError where error.status == 404 {
            return nil
        }
    }

    /// Looks whether a bucket can be reached (HeadBucket): it exists, in this region, and the caller may list it.
    ///
    /// - Throws: ``S3ArgumentError``, `ServiceError` with the status 404, 403 or a redirection, `TransportError`.
    public func headBucket(_ bucket: String) async throws {
        _ = try await send("HeadBucket", try request(.head, bucket: bucket), S3Location(bucket: bucket, key: ""))
    }

    /// Stores an object, over one that is there (PutObject).
    ///
    /// - Parameters:
    ///   - location: Where.
    ///   - body: The bytes, 5 GiB at the most.
    ///   - headers: Such as `content-type`, `cache-control`, `x-amz-server-side-encryption`. With `if-none-match: *`
    ///     S3 answers 412 when an object is there, possibly one that a try before the last has put.
    /// - Throws: ``S3ArgumentError``, `ServiceError`, `TransportError`.
    public func put(_ location: S3Location, body: [UInt8], headers: HTTPHeaders = [:]) async throws {
        try S3ArgumentError.check(bodySize: body.count)
        let request = try request(.put, location, headers: headers, body: body)
        _ = try await send("PutObject", request, location, options: Self.upload(of: body.count))
    }

    /// A URL with which whoever has it can carry out one request in the name of the client's credentials; a secret while
    /// it holds.
    ///
    /// - Parameters:
    ///   - method: The request's method.
    ///   - location: The object.
    ///   - query: What the request asks for, not percent-encoded: `response-content-disposition` and its like, or
    ///     `partNumber` and `uploadId`.
    ///   - headers: Headers that have to come with the request as they are here.
    ///   - expiresIn: How long the URL holds: 1 second to 7 days, and never longer than the credentials do.
    /// - Throws: ``S3ArgumentError``, `TransportError` for headers that cannot be sent, what the credentials' source
    ///   throws.
    public func presignedURL(
        _ method: HTTPMethod, _ location: S3Location, query: [(name: String, value: String)] = [],
        headers: HTTPHeaders = [:], expiresIn: Duration
    ) async throws -> String {
        try S3ArgumentError.check(expiresIn: expiresIn)
        let request = try request(method, location, query: Self.encoded(query), headers: headers)
        try request.validate()
        let credentials = try await client.credentials.credentials()
        return client.signer.presign(request, with: credentials, at: client.time, expiresIn: expiresIn).url
    }

    /// A request for an object, not yet signed.
    func request(
        _ method: HTTPMethod, _ location: S3Location, query: String? = nil, headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) throws(S3ArgumentError) -> HTTPRequest {
        try S3ArgumentError.check(location)
        // S3 signs the path as it is sent, so it has to be encoded strictly, slashes apart.
        return try request(
            method, bucket: location.bucket, path: "/" + PercentEncoding.encode(location.key, keepingSlash: true),
            query: query, headers: headers, body: body)
    }

    private func request(
        _ method: HTTPMethod, bucket: String, path: String = "", query: String? = nil, headers: HTTPHeaders = [:],
        body: [UInt8] = []
    ) throws(S3ArgumentError) -> HTTPRequest {
        try S3ArgumentError.check(bucket: bucket)
        guard !client.endpoint.isOverridden, S3Location.isHostLabel(bucket) else {
            return client.endpoint.request(
                method, path: "/\(bucket)\(path)", query: query, headers: headers, body: .bytes(body))
        }
        var request = client.endpoint.request(
            method, path: path.isEmpty ? "/" : path, query: query, headers: headers, body: .bytes(body))
        request.authority = "\(bucket).\(request.authority)"
        return request
    }

    static func encoded(_ query: [(name: String, value: String)]) -> String? {
        guard !query.isEmpty else { return nil }
        return query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
    }

    /// Large bodies get more time: a second for every MiB.
    static func upload(of size: Int) -> TransferOptions {
        var options = AWSClient.options
        options.timeout = .seconds(30 + (size >> 20))
        return options
    }

    /// Carries out a call; errors name the object, and redirections and errors with the status 200 are errors too.
    func send(
        _ operation: String, _ request: HTTPRequest, _ location: S3Location,
        options: TransferOptions = AWSClient.options
    ) async throws -> HTTPResponse {
        do {
            return try await client.send(operation, request, options: options) { response in
                response.status >= 300 || Self.isError(response.body)
            }
        } catch let error as ServiceError {
            throw error.explained(location, clientRegion: client.endpoint.region)
        }
    }

    /// Whether a body is an error that came with the status 200, as a call's that S3 answered before it was done.
    private static func isError(_ body: [UInt8]) -> Bool {
        guard !body.isEmpty, let root = try? XMLElement(parsing: body) else { return false }
        return root.name == "Error"
    }
}
