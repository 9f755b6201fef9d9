internal import CCurl
internal import HTTP

/// libcurl's list of header lines, freed with its owner.
final class HeaderList {
    private(set) var head: UnsafeMutablePointer<curl_slist>?
    private(set) var isComplete = true

    /// The lines of a request: its own fields, and for those that libcurl would add by itself a line that stops it.
    init(for request: HTTPRequest) {
        for field in request.headers where !Self.isOwnedByTransport(field.name) { append(field) }
        if !request.headers.contains("Accept") { append("Accept:") }
        switch request.body {
        case .bytes(let bytes):
            if !bytes.isEmpty || request.method == .post || request.method == .put || request.method == .patch {
                if !request.headers.contains("Content-Type") { append("Content-Type:") }
                append("Expect:")
            }
        case .stream(let stream):
            if !request.headers.contains("Content-Type") { append("Content-Type:") }
            if stream.contentLength == nil { append("Transfer-Encoding: chunked") }
            append("Expect:")
        }
    }

    deinit {
        curl_slist_free_all(head)
    }

    /// Hands the fields over to libcurl, which frees the list itself.
    static func makeUnowned(_ headers: HTTPHeaders) -> UnsafeMutablePointer<curl_slist>? {
        var list: UnsafeMutablePointer<curl_slist>?
        for field in headers { list = curl_slist_append(list, "\(field.name): \(field.value)") }
        return list
    }

    /// How long the body is and where it ends is the transport's to say.
    private static func isOwnedByTransport(_ name: String) -> Bool {
        HTTPHeaders.sameName(name, "Content-Length") || HTTPHeaders.sameName(name, "Transfer-Encoding")
            || HTTPHeaders.sameName(name, "Expect")
    }

    private func append(_ field: HTTPHeaders.Field) {
        // A colon and nothing after it would remove the field; a semicolon sends it empty.
        append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
    }

    private func append(_ line: String) {
        guard let extended = curl_slist_append(head, line) else {
            isComplete = false
            return
        }
        head = extended
    }
}
