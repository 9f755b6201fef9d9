public import HTTP

/// The first stage of SigV4: the request in the one form that signer and service both arrive at.
///
/// Six lines: method, path, query, headers (and an empty line), names of the signed headers, hash of the body.
public struct CanonicalRequest: Sendable, Equatable {
    /// The canonical form's bytes; their SHA-256 is what is signed.
    public let bytes: [UInt8]
    /// The names of the signed headers, sorted, joined with semicolons.
    public let signedHeaders: String

    /// Brings a request into canonical form.
    ///
    /// - Parameters:
    ///   - request: The request with all the headers and parameters that are to be signed.
    ///   - payloadHash: The SHA-256 of the body in small hexadecimal digits, or `UNSIGNED-PAYLOAD`.
    ///   - settings: How the service wants it.
    public init(_ request: HTTPRequest, payloadHash: String, settings: SigningSettings) {
        self.init(
            request, headers: CanonicalHeaders(request, settings: settings), payloadHash: payloadHash,
            settings: settings)
    }

    init(_ request: HTTPRequest, headers: CanonicalHeaders, payloadHash: String, settings: SigningSettings) {
        let lineEnd = UInt8(ascii: "\n")
        signedHeaders = headers.names
        var output: [UInt8] = []
        output.reserveCapacity(1_024)
        output.append(contentsOf: request.method.rawValue.utf8)
        output.append(lineEnd)
        output.append(contentsOf: CanonicalPath.make(request.path, settings: settings).utf8)
        output.append(lineEnd)
        CanonicalQuery.append(request.query, to: &output)
        output.append(lineEnd)
        headers.append(to: &output)
        output.append(lineEnd)
        output.append(contentsOf: signedHeaders.utf8)
        output.append(lineEnd)
        output.append(contentsOf: payloadHash.utf8)
        bytes = output
    }

    /// The canonical form as text, for a person.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}
