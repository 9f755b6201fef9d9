import HTTP

/// An error as S3 answers it.
struct StorageError: Sendable {
    var status: Int
    var code: String
    var message: String
    /// What it was in this case, for the log; S3 does not tell.
    var detail: String?

    init(_ status: Int, _ code: String, _ message: String, detail: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
    }

    static let expired = StorageError(403, "AccessDenied", "Request has expired")

    static func signature(_ detail: String) -> StorageError {
        StorageError(
            403, "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
                + "method.", detail: detail)
    }

    var response: ServerResponse {
        let id = RandomID.hex(16)
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>\(code)</Code><Message>\(Self.escaped(message))</Message><RequestId>\(id)</RequestId></Error>
            """
        return ServerResponse(
            status: status,
            headers: ["x-amz-request-id": id, "Content-Type": "application/xml", "Server": "AmazonS3"],
            body: Array(text.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }.joined()
    }
}
