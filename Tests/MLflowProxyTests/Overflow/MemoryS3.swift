import AWSSigning
import Cryptography
import HTTP
import Synchronization
import Timestamps
import XML

/// S3 with one bucket, as its API reference has it, in memory. Every request has to be signed as S3 wants it, its body's
/// hash included, or be presigned and not expired.
final class MemoryS3: Sendable {
    struct Object: Sendable {
        var body: [UInt8]
        var headers: HTTPHeaders
    }

    private struct Upload {
        var key: String
        var headers: HTTPHeaders
        var parts: [Int: [UInt8]] = [:]
    }

    private struct State {
        var objects: [String: Object] = [:]
        var uploads: [String: Upload] = [:]
        var operations: [String] = []
        var largestBody = 0
        var refusal: (operation: String, response: HTTPResponse)?
    }

    static let authority = "answers.s3.eu-central-1.amazonaws.com"
    private static let smallestPart = 5 << 20
    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp
    /// Called with each body that was taken.
    private let stored: @Sendable (_ bytes: Int) -> Void

    init(now: @escaping @Sendable () -> Timestamp, stored: @escaping @Sendable (_ bytes: Int) -> Void = { _ in }) {
        self.now = now
        self.stored = stored
    }

    var objects: [String: Object] { state.withLock { $0.objects } }
    /// What was asked for, in order.
    var operations: [String] { state.withLock { $0.operations } }
    /// Uploads that take space and are no object.
    var openUploads: Int { state.withLock { $0.uploads.count } }
    var largestBody: Int { state.withLock { $0.largestBody } }

    func count(_ operation: String) -> Int { operations.count { $0 == operation } }

    /// Has one kind of operation fail.
    func refuse(_ operation: String, with response: HTTPResponse) {
        state.withLock { $0.refusal = (operation, response) }
    }

    func empty() {
        state.withLock { $0.objects = [:] }
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        let query = Self.parameters(request.query)
        let operation = Self.operation(request.method, query)
        let key = String(decoding: PercentEncoding.decode(request.path.dropFirst()), as: UTF8.self)
        guard request.authority == Self.authority, request.scheme == "https" else {
            return Self.error(404, "NoSuchBucket")
        }
        let isGood = query["X-Amz-Signature"] == nil ? isSigned(request) : isPresigned(request, query)
        guard isGood else { return Self.error(403, "SignatureDoesNotMatch") }
        let body = Self.body(of: request)
        let response = state.withLock { state -> HTTPResponse in
            state.operations.append(operation)
            state.largestBody = max(state.largestBody, body.count)
            if let refusal = state.refusal, refusal.operation == operation { return refusal.response }
            return Self.carryOut(operation, key, query, request, body, &state)
        }
        if operation == "PutObject" || operation == "UploadPart" { stored(body.count) }
        return response
    }

    private static func operation(_ method: HTTPMethod, _ query: [String: String]) -> String {
        switch (method, query.keys.contains("uploads"), query.keys.contains("uploadId")) {
        case (.get, _, _): "GetObject"
        case (.head, _, _): "HeadObject"
        case (.put, _, true): "UploadPart"
        case (.put, _, false): "PutObject"
        case (.post, true, _): "CreateMultipartUpload"
        case (.post, _, true): "CompleteMultipartUpload"
        case (.delete, _, true): "AbortMultipartUpload"
        default: "\(method)"
        }
    }

    private static func carryOut(
        _ operation: String, _ key: String, _ query: [String: String], _ request: HTTPRequest, _ body: [UInt8],
        _ state: inout State
    ) -> HTTPResponse {
        let id = query["uploadId"] ?? ""
        switch operation {
        case "GetObject", "HeadObject":
            guard let object = state.objects[key] else { return error(404, "NoSuchKey") }
            return get(object, request)
        case "PutObject":
            state.objects[key] = Object(body: body, headers: metadata(request.headers))
            return HTTPResponse(status: 200, headers: ["etag": "\"1\""])
        case "CreateMultipartUpload":
            let id = "upload \(state.operations.count)/+"
            state.uploads[id] = Upload(key: key, headers: metadata(request.headers))
            return xml("<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>")
        case "UploadPart":
            guard let number = query["partNumber"].flatMap({ Int($0) }), state.uploads[id]?.key == key else {
                return error(404, "NoSuchUpload")
            }
            state.uploads[id]?.parts[number] = body
            return HTTPResponse(status: 200, headers: ["etag": "\"part-\(number)\""])
        case "CompleteMultipartUpload":
            guard let upload = state.uploads[id], upload.key == key else { return error(404, "NoSuchUpload") }
            let named = (try? XMLElement(parsing: body))?.children("Part") ?? []
            var whole: [UInt8] = []
            for (index, part) in named.enumerated() {
                guard let number = part["PartNumber"].flatMap({ Int($0.text) }), let bytes = upload.parts[number],
                    part["ETag"]?.text == "\"part-\(number)\""
                else { return error(400, "InvalidPart") }
                guard index == named.count - 1 || bytes.count >= smallestPart else {
                    return error(400, "EntityTooSmall")
                }
                whole += bytes
            }
            state.uploads[id] = nil
            state.objects[key] = Object(body: whole, headers: upload.headers)
            return xml("<CompleteMultipartUploadResult><ETag>\"2\"</ETag></CompleteMultipartUploadResult>")
        case "AbortMultipartUpload":
            return HTTPResponse(status: state.uploads.removeValue(forKey: id) == nil ? 404 : 204)
        default: return error(405, "MethodNotAllowed")
        }
    }

    private static func get(_ object: Object, _ request: HTTPRequest) -> HTTPResponse {
        var response = HTTPResponse(status: 200, headers: object.headers, body: object.body)
        if let range = request.headers["range"]?.wholeMatch(of: /bytes=(\d+)-(\d+)/), let from = Int(range.1),
            let to = Int(range.2), from < object.body.count
        {
            response.status = 206
            response.body = Array(object.body[from...min(to, object.body.count - 1)])
        }
        response.headers["content-length"] = "\(response.body.count)"
        if request.method == .head { response.body = [] }
        return response
    }

    /// The headers that S3 keeps and gives back with the object.
    private static func metadata(_ headers: HTTPHeaders) -> HTTPHeaders {
        HTTPHeaders(headers.filter { ["cache-control", "expires"].contains($0.name) || $0.name.hasPrefix("content-") })
    }

    // MARK: Signatures

    private static let credentials = Credentials(
        accessKeyID: "AKID", secretAccessKey: "SECRETKEY", sessionToken: "SESSIONTOKEN")

    private func isSigned(_ request: HTTPRequest) -> Bool {
        let signer = SigV4Signer(region: "eu-central-1", service: "s3", settings: .s3)
        let hash = Hex.encode(SHA256.hash(Self.body(of: request)))
        guard let date = request.headers["x-amz-date"].flatMap({ Timestamp(compact: $0) }),
            request.headers["x-amz-content-sha256"] == hash, abs((now() - date) / .seconds(1)) < 900
        else { return false }
        let again = signer.sign(request, with: Self.credentials, at: date)
        return again.headers["authorization"] == request.headers["authorization"]
    }

    private func isPresigned(_ request: HTTPRequest, _ query: [String: String]) -> Bool {
        guard let date = query["X-Amz-Date"].flatMap({ Timestamp(compact: $0) }),
            let seconds = query["X-Amz-Expires"].flatMap({ Int64($0) }), now() < date + .seconds(seconds)
        else { return false }
        var bare = HTTPRequest(request.method, authority: request.authority, path: request.path)
        let own = (request.query ?? "").split(separator: "&").filter { !$0.hasPrefix("X-Amz-") }
        bare.query = own.isEmpty ? nil : own.joined(separator: "&")
        let again = SigV4Signer(region: "eu-central-1", service: "s3", settings: .s3)
            .presign(bare, with: Self.credentials, at: date, expiresIn: .seconds(seconds))
        return again.query == request.query
    }

    // MARK: Small things

    private static func body(of request: HTTPRequest) -> [UInt8] {
        guard case .bytes(let bytes) = request.body else { return [] }
        return bytes
    }

    private static func parameters(_ query: String?) -> [String: String] {
        let pairs = (query ?? "").split(separator: "&").map { parameter in
            let pair = parameter.split(separator: "=", maxSplits: 1).map {
                String(decoding: PercentEncoding.decode($0), as: UTF8.self)
            }
            return (pair[0], pair.count > 1 ? pair[1] : "")
        }
        return Dictionary(pairs) { $1 }
    }

    private static func xml(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, headers: ["content-type": "application/xml"], body: Array(text.utf8))
    }

    static func error(_ status: Int, _ code: String) -> HTTPResponse {
        var response = xml("<Error><Code>\(code)</Code><Message>refused</Message></Error>")
        response.status = status
        return response
    }
}

extension Timestamp {
    /// Reads `20150830T123600Z`.
    fileprivate init?(compact text: String) {
        guard let match = text.wholeMatch(of: /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/) else { return nil }
        let iso = "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z"
        guard let time = Timestamp(iso8601: iso) else { return nil }
        self = time
    }
}
