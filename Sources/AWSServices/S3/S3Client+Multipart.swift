internal import AWSCore
public import HTTP
internal import XML

/// A part of a multipart upload that S3 has.
public struct S3Part: Sendable, Hashable {
    /// The part's number, 1 to 10000; parts are put together in the order of their numbers.
    public var number: Int
    /// What S3 answered when it took the part.
    public var entityTag: String

    /// Makes a part of its number and entity tag.
    public init(number: Int, entityTag: String) {
        self.number = number
        self.entityTag = entityTag
    }
}

extension S3Client {
    /// Begins an upload in parts (CreateMultipartUpload). An upload that is neither completed nor aborted keeps its parts,
    /// and costs, until a rule of the bucket's life cycle removes it.
    ///
    /// - Parameters:
    ///   - location: Where the object will be.
    ///   - headers: The object's, such as `content-type`.
    /// - Returns: The upload's id.
    public func createMultipartUpload(_ location: S3Location, headers: HTTPHeaders = [:]) async throws -> String {
        let operation = "CreateMultipartUpload"
        let request = try request(.post, location, query: "uploads", headers: headers)
        let response = try await send(operation, request, location)
        guard let id = (try? XMLElement(parsing: response.body))?["UploadId"]?.text, !id.isEmpty else {
            throw UnexpectedAnswer(service: "s3", operation: operation, "the answer has no upload id")
        }
        return id
    }

    /// Uploads a part (UploadPart). All parts but the last have to have 5 MiB at least, which S3 checks at completion.
    ///
    /// - Parameters:
    ///   - location: The upload's object.
    ///   - uploadID: The upload.
    ///   - number: The part's number, 1 to 10000; a part of the same number is replaced.
    ///   - body: The bytes, 5 GiB at the most.
    /// - Returns: The part's entity tag, for the completion.
    public func uploadPart(
        _ location: S3Location, uploadID: String, number: Int, body: [UInt8]
    ) async throws -> String {
        try S3ArgumentError.check(partNumber: number)
        try S3ArgumentError.check(bodySize: body.count)
        let query = Self.encoded([("partNumber", String(number)), ("uploadId", uploadID)])
        let response = try await send(
            "UploadPart", try request(.put, location, query: query, body: body), location,
            options: Self.upload(of: body.count))
        guard let tag = response.headers["etag"], !tag.isEmpty else {
            throw UnexpectedAnswer(
                service: "s3", operation: "UploadPart", "the answer has no entity tag")
        }
        return tag
    }

    /// Makes the object of its parts (CompleteMultipartUpload). S3 may take minutes for it and sends white space
    /// meanwhile.
    ///
    /// - Parameters:
    ///   - location: The upload's object.
    ///   - uploadID: The upload.
    ///   - parts: All parts, in any order.
    /// - Throws: ``S3ArgumentError``, `ServiceError`, `TransportError`. After an answer that was lost, `NoSuchUpload` can
    ///   mean that the object is complete: ``head(_:)`` tells.
    public func completeMultipartUpload(_ location: S3Location, uploadID: String, parts: [S3Part]) async throws {
        guard !parts.isEmpty else {
            throw S3ArgumentError("The upload to \(location) cannot be completed: it has no parts; abort it instead.")
        }
        var body = #"<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#
        for part in parts.sorted(by: { $0.number < $1.number }) {
            try S3ArgumentError.check(partNumber: part.number)
            body += "<Part><ETag>\(Self.escaped(part.entityTag))</ETag><PartNumber>\(part.number)</PartNumber></Part>"
        }
        body += "</CompleteMultipartUpload>"
        let request = try request(
            .post, location, query: Self.encoded([("uploadId", uploadID)]), body: Array(body.utf8))
        var options = AWSClient.options
        options.timeout = .seconds(300)
        _ = try await send("CompleteMultipartUpload", request, location, options: options)
    }

    /// Gives an upload up and frees its parts (AbortMultipartUpload); one that is not there any more is no error.
    public func abortMultipartUpload(_ location: S3Location, uploadID: String) async throws {
        do {
            _ = try await send(
                "AbortMultipartUpload",
                try request(.delete, location, query: Self.encoded([("uploadId", uploadID)])), location)
        } catch let error as ServiceError where error.code == "NoSuchUpload" {}
    }

    /// Text inside an XML element.
    private static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
