internal import HTTP

/// Decides where the service may send a client, and turns its own address into the public one.
struct LocationRule: Sendable {
    let endpoint: MLflowEndpoint
    /// Origins that count as ours: the public one and the configured others.
    let origins: [WebOrigin]

    /// The target as the client is to see it; nil when nobody should be sent there.
    func rewrite(_ target: String) -> String? {
        // Browsers read a backslash as a slash and skip tabs and line ends, so either could hide another host.
        guard HTTPToken.isVisible(target), !target.utf8.contains(UInt8(ascii: "\\")) else { return nil }
        if target.hasPrefix("//") { return absolute("\(endpoint.scheme):\(target)") }
        if target.hasPrefix("/") { return withoutPrefix(target) }
        // A colon before the first slash, question mark or hash ends a scheme; without one the target is relative.
        let head = target.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return head.contains(":") ? absolute(target) : target
    }

    private func absolute(_ target: String) -> String? {
        let hash = target.firstIndex(of: "#") ?? target.endIndex
        guard let parts = URLParts(String(target[..<hash])) else { return nil }
        guard let origin = WebOrigin(scheme: parts.scheme, authority: parts.authority) else { return nil }
        if origin == WebOrigin(scheme: endpoint.scheme, authority: endpoint.authority) {
            let path = parts.path.isEmpty ? "/" : parts.path
            let query = parts.query.map { "?\($0)" } ?? ""
            return withoutPrefix(path + query + target[hash...])
        }
        return origins.contains(origin) || Self.isPresignedS3(parts) ? target : nil
    }

    /// A path of the service as a path of the proxy.
    private func withoutPrefix(_ target: String) -> String? {
        var rest = target
        if !endpoint.pathPrefix.isEmpty, target.hasPrefix(endpoint.pathPrefix) {
            let after = target.dropFirst(endpoint.pathPrefix.count)
            if after.first.map({ "/?#".contains($0) }) ?? true { rest = String(after) }
        }
        let path = rest.hasPrefix("/") ? rest : "/" + rest
        return path.hasPrefix("//") ? nil : path
    }

    /// Whether this is a signed download from S3: `BUCKET.s3.REGION.amazonaws.com` and its kin, where the service
    /// keeps artifacts.
    private static func isPresignedS3(_ parts: URLParts) -> Bool {
        guard parts.scheme == "https", let query = parts.query,
            query.split(separator: "&").contains(where: { $0.hasPrefix("X-Amz-Signature=") })
        else { return false }
        var labels = HTTPToken.lowercased(parts.authority).split(separator: ".")
        guard labels.suffix(2).elementsEqual(["amazonaws", "com"]) else { return false }
        labels.removeLast(2)
        if labels.last?.contains("-") == true, labels.last?.hasPrefix("s3") == false { labels.removeLast() }
        if labels.last == "dualstack" { labels.removeLast() }
        return labels.last == "s3" || labels.last == "s3-fips"
    }
}
