/// The parts of `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
struct AuthorizationHeader {
    static let algorithm = "AWS4-HMAC-SHA256"

    var accessKeyID: String
    /// `20150830`
    var date: String
    var region: String
    var service: String
    /// The names in the order given.
    var signedHeaders: [String]
    var signature: String

    /// `date/region/service/aws4_request`
    var scope: String { "\(date)/\(region)/\(service)/aws4_request" }

    init(parsing text: String) throws(ServiceRefusal) {
        guard text.hasPrefix(Self.algorithm + " ") else {
            throw ServiceRefusal(
                403, "MissingAuthenticationTokenException", "The Authorization header is not \(Self.algorithm)")
        }
        var values: [String: String] = [:]
        for part in text.dropFirst(Self.algorithm.count).split(separator: ",") {
            let trimmed = part.drop { $0 == " " }
            guard let equals = trimmed.firstIndex(of: "=") else { continue }
            values[String(trimmed[..<equals])] = String(trimmed[trimmed.index(after: equals)...])
        }
        for name in ["Credential", "Signature", "SignedHeaders"] where (values[name] ?? "").isEmpty {
            throw ServiceRefusal(
                403, "IncompleteSignatureException", "Authorization header requires '\(name)' parameter.")
        }
        let credential = (values["Credential"] ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard credential.count == 5, credential[4] == "aws4_request" else {
            throw ServiceRefusal(
                403, "IncompleteSignatureException",
                "Credential must have exactly 5 slash-delimited elements, e.g. "
                    + "keyid/date/region/service/aws4_request")
        }
        accessKeyID = String(credential[0])
        date = String(credential[1])
        region = String(credential[2])
        service = String(credential[3])
        signedHeaders = (values["SignedHeaders"] ?? "").split(separator: ";", omittingEmptySubsequences: false)
            .map(String.init)
        signature = values["Signature"] ?? ""
    }
}
