internal import CCurl
internal import HTTP

extension TransportError {
    /// A failure as libcurl tells it, sorted into the classes that decisions are made by.
    ///
    /// - Parameter wentOut: Whether the request went out at least once. When a kept connection dies before any answer,
    ///   libcurl connects anew, and it may be this that failed.
    init(curl code: CURLcode, _ text: String, wentOut: Bool, request: HTTPRequest) {
        let kind = Self.kind(code, wentOut: wentOut)
        var reason = "\(text) (curl \(code.rawValue))"
        if kind == .tls, CertificateBundle.path == nil {
            reason += "; no bundle of certificate authorities was found: set SSL_CERT_FILE, or provide one of "
            reason += CertificateBundle.candidates.joined(separator: ", ")
        }
        self.init(kind, reason, request: request)
    }

    private static func kind(_ code: CURLcode, wentOut: Bool) -> Kind {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: wentOut ? .timeout : .connect
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: wentOut ? .connectionLost : .nameLookup
        case CURLE_COULDNT_CONNECT: wentOut ? .connectionLost : .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            wentOut ? .connectionLost : .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: .connectionLost
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: .malformedResponse
        case CURLE_URL_MALFORMAT: .invalidRequest
        default: .other
        }
    }
}
