internal import Cryptography

/// The names of what is stored, behind the configured prefix.
enum OverflowKey {
    /// Files of the user interface: they stay, since the same name is always the same content.
    static let assets = "static/"
    /// All else: the bucket's life-cycle rule removes it after a day.
    static let answers = "private/"

    /// The key of a file of the user interface, known before anybody is asked for it: `static/HASH/NAME`.
    ///
    /// - Parameters:
    ///   - asset: The file.
    ///   - arn: The MLflow that shows it; two that share a bucket share nothing in it.
    ///   - takesGzip: Whether the client does. There is a form for those and one for all others.
    static func asset(_ asset: ImmutableAsset, of arn: String, takesGzip: Bool) -> String {
        let identity = "\(arn)\n\(takesGzip ? "gzip" : "identity")\n\(asset.path)"
        return "\(assets)\(Hex.encode(Array(SHA256.hash(identity).prefix(16))))/\(asset.name)"
    }

    /// A key that nobody can guess and that is used once.
    static func answer() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return answers + Hex.encode(bytes)
    }
}
