internal import CCurl
internal import HTTP

extension TransportError {
    /// A failure as libcurl tells it, sorted into the classes that decisions are made by.
    init(curl code: CURLcode, _ text: String, wasConnected: Bool, request: HTTPRequest) {
        let kind = Self.kind(code, wasConnected: wasConnected)
        var reason = "\(text) (curl \(code.rawValue))"
        if kind == .tls, CertificateBundle.path == nil {
            reason += "; no bundle of certificate authorities was found: set SSL_CERT_FILE, or provide one of "
            reason += CertificateBundle.candidates.joined(separator: ", ")
        }
        self.init(kind, reason, request: request)
    }

    private static func kind(_ code: CURLcode, wasConnected: Bool) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameLookup
        case CURLE_COULDNT_CONNECT: .connect
        case CURLE_OPERATION_TIMEDOUT: wasConnected ? .timeout : .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE: .connectionLost
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: .malformedResponse
        case CURLE_URL_MALFORMAT: .invalidRequest
        default: .other
        }
    }
}
