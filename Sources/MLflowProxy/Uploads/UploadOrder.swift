internal import AWSServices
internal import HTTP
internal import JSON
internal import LambdaEvents

/// What a client asks of the upload routes: the JSON body of a request, checked.
struct UploadOrder: Sendable {
    /// Whose artifact it is.
    enum Owner: Sendable, Equatable {
        case run(String)
        case loggedModel(String)
    }

    let owner: Owner
    /// The artifact's path below its owner's artifacts.
    let path: String
    private let body: JSONObject

    /// Reads the body.
    ///
    /// - Throws: ``ProxyError``
    init(_ request: ALBTargetRequest) throws(ProxyError) {
        // A form of another site cannot send this type without being asked first (the Fetch standard, CORS-safelisted).
        guard
            let type = request.headers["content-type"],
            HTTPHeaders.sameName(FieldValue.head(type, separator: ";"), "application/json")
        else { throw .invalidParameter("The body has to be JSON, with content-type: application/json.") }
        guard let object = (try? JSONValue(parsing: request.body))?.object else {
            throw .invalidParameter("The body is not a JSON object.")
        }
        body = object
        switch (try Self.text("run_id", in: object), try Self.text("model_id", in: object)) {
        case (let id?, nil): owner = .run(try Self.id(id, "run_id"))
        case (nil, let id?): owner = .loggedModel(try Self.id(id, "model_id"))
        default: throw .invalidParameter("Say whose artifact it is: run_id or model_id, one of them.")
        }
        guard let path = try Self.text("path", in: object) else {
            throw .invalidParameter("path is missing: the artifact's path below its run, such as model/weights.bin.")
        }
        self.path = path
    }

    /// The artifact's size in bytes.
    var size: Int {
        get throws(ProxyError) {
            guard let size = body["size"]?.integer.flatMap({ Int(exactly: $0) }),
                (0...UploadPlan.largest).contains(size)
            else {
                throw .invalidParameter(
                    "size has to be the artifact's size in bytes, a whole number up to \(UploadPlan.largest).")
            }
            return size
        }
    }

    /// Whether the client wants parts; nil leaves it to the size.
    var isMultipart: Bool? {
        get throws(ProxyError) {
            guard let value = body["multipart"], !value.isNull else { return nil }
            guard let isMultipart = value.bool else { throw .invalidParameter("multipart has to be true or false.") }
            return isMultipart
        }
    }

    /// The artifact's media type.
    var contentType: String? {
        get throws(ProxyError) {
            guard let type = try Self.text("content_type", in: body) else { return nil }
            guard type.utf8.count <= 255, type.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), type.contains("/")
            else {
                throw .invalidParameter("content_type has to be a media type, such as application/octet-stream.")
            }
            return type
        }
    }

    /// The upload that parts are for.
    var uploadID: String {
        get throws(ProxyError) {
            guard let id = try Self.text("upload_id", in: body), (1...1_024).contains(id.utf8.count),
                HTTPToken.isVisible(id)
            else { throw .invalidParameter("upload_id has to be the one that the upload began with.") }
            return id
        }
    }

    /// Which parts the client wants URLs for.
    func numbers(of plan: UploadPlan) throws(ProxyError) -> ClosedRange<Int> {
        let first = try number("first") ?? 1
        guard (1...plan.partCount).contains(first) else {
            throw .invalidParameter("first has to be the number of a part, 1 to \(plan.partCount).")
        }
        let count = try number("count") ?? UploadPlan.urlsPerAnswer
        guard (1...UploadPlan.urlsPerAnswer).contains(count)
        else { throw .invalidParameter("count has to be a number of parts, 1 to \(UploadPlan.urlsPerAnswer).") }
        return first...min(plan.partCount, first + count - 1)
    }

    /// The parts that S3 has, by what it answered for each. All of them, each once: a part that is left out would leave a
    /// hole that nobody notices.
    func parts(of plan: UploadPlan) throws(ProxyError) -> [S3Part] {
        var tags: [Int: String] = [:]
        for part in body["parts"]?.array ?? [] {
            guard let number = part["number"]?.integer.flatMap({ Int(exactly: $0) }),
                (1...plan.partCount).contains(number), tags[number] == nil, let tag = part["etag"]?.string,
                (1...256).contains(tag.utf8.count), HTTPToken.isVisible(tag)
            else {
                throw .invalidParameter(
                    "parts has to be a list of {\"number\": 1, \"etag\": \"…\"}, each number from 1 to \(plan.partCount) "
                        + "once.")
            }
            tags[number] = tag
        }
        guard tags.count == plan.partCount else {
            throw .invalidParameter("parts has \(tags.count) of the artifact's \(plan.partCount) parts.")
        }
        return tags.sorted { $0.key < $1.key }.map { S3Part(number: $0.key, entityTag: $0.value) }
    }

    private func number(_ name: String) throws(ProxyError) -> Int? {
        guard let value = body[name], !value.isNull else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }) else {
            throw .invalidParameter("\(name) has to be a whole number.")
        }
        return number
    }

    private static func text(_ name: String, in object: JSONObject) throws(ProxyError) -> String? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let text = value.string else { throw .invalidParameter("\(name) has to be a string.") }
        return text
    }

    /// MLflow's own rule for ids.
    private static func id(_ text: String, _ name: String) throws(ProxyError) -> String {
        guard (1...256).contains(text.utf8.count), let first = text.utf8.first, isWordByte(first), first != 0x5F,
            text.utf8.allSatisfy({ isWordByte($0) || $0 == UInt8(ascii: "-") })
        else { throw .invalidParameter("\(name) has to be an id of letters, digits, _ and -.") }
        return text
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        PercentEncoding.isUnreserved(byte) && !".~-".utf8.contains(byte)
    }
}
