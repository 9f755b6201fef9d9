internal import HTTP

/// The headers that an answer has in S3, which are all that its reader will see.
enum StoredHeaders {
    /// Makes them of the answer's own.
    ///
    /// - Parameter isImmutable: Whether the object is a file of the user interface.
    static func make(of answer: HTTPResponse, isImmutable: Bool) -> HTTPHeaders {
        let type = value("content-type", of: answer) ?? "application/octet-stream"
        var headers: HTTPHeaders = ["content-type": type]
        if let encoding = value("content-encoding", of: answer) { headers["content-encoding"] = encoding }
        if let language = value("content-language", of: answer) { headers["content-language"] = language }
        headers["content-disposition"] = disposition(of: answer, type: type, isImmutable: isImmutable)
        headers["cache-control"] = isImmutable ? "private, max-age=31536000, immutable" : "private, no-store"
        return headers
    }

    /// MLflow's own, which keeps a browser from showing an artifact as a page. S3 cannot say `nosniff`, so what could run
    /// as a page or a script is a download, whatever MLflow said.
    private static func disposition(of answer: HTTPResponse, type: String, isImmutable: Bool) -> String? {
        let own = value("content-disposition", of: answer)
        guard !isImmutable else { return own }
        if let own, HTTPToken.lowercased(own).hasPrefix("attachment") { return own }
        return isActive(type) ? "attachment" : own
    }

    private static func isActive(_ type: String) -> Bool {
        let type = HTTPToken.lowercased(type)
        return ["html", "xml", "svg", "script"].contains { word in type.contains(word) }
    }

    /// A header's value in printable ASCII, as S3 keeps and signs it; any other is as good as none.
    private static func value(_ name: String, of answer: HTTPResponse) -> String? {
        guard let value = answer.headers[name], !value.isEmpty, value.utf8.count <= 1_024,
            value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return value
    }
}
