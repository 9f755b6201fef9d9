internal import Glibc

/// Where the certificates of the public authorities are. A static libcurl knows no place of its own.
enum CertificateBundle {
    /// The places in the order they are tried: what the user said, what the user packaged, then Amazon Linux,
    /// Fedora, Debian.
    static let candidates: [String] = {
        var paths = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"].compactMap(environment)
        if let root = environment("LAMBDA_TASK_ROOT") { paths.append("\(root)/cacert.pem") }
        return paths + [
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
            "/etc/ssl/certs/ca-certificates.crt",
        ]
    }()

    /// The first place that can be read, looked up once.
    static let path: String? = candidates.first { access($0, R_OK) == 0 }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
        return value
    }
}
