internal import HTTP

/// The canonical URI of SigV4: the path as the signature sees it.
enum CanonicalPath {
    static func make(_ path: String, settings: SigningSettings) -> String {
        var path = path.isEmpty ? "/" : path
        if settings.pathNormalization == .removeDotSegments { path = normalized(path) }
        return settings.pathEncoding == .double ? PercentEncoding.encode(path, keepingSlash: true) : path
    }

    /// Removes `.`, `..` and empty segments. Encoded dots (`%2E`) are no dot segments: services do not decode before
    /// they sign.
    static func normalized(_ path: String) -> String {
        guard needsNormalizing(path.utf8) else { return path }
        var kept: [Substring.UTF8View] = []
        for segment in Substring(path).utf8.split(separator: UInt8(ascii: "/")) {
            if segment.elementsEqual("..".utf8) {
                _ = kept.popLast()
            } else if !segment.elementsEqual(".".utf8) {
                kept.append(segment)
            }
        }
        var output: [UInt8] = []
        output.reserveCapacity(path.utf8.count)
        if path.utf8.first == UInt8(ascii: "/") { output.append(UInt8(ascii: "/")) }
        for (index, segment) in kept.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "/")) }
            output.append(contentsOf: segment)
        }
        if path.utf8.last == UInt8(ascii: "/"), !kept.isEmpty { output.append(UInt8(ascii: "/")) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Whether a slash is followed by a slash or a dot: without either there is nothing to remove.
    private static func needsNormalizing(_ path: String.UTF8View) -> Bool {
        var previous = UInt8(ascii: "/")
        for (index, byte) in path.enumerated() {
            if previous == UInt8(ascii: "/"),
                byte == UInt8(ascii: ".") || (byte == UInt8(ascii: "/") && index > 0)
            {
                return true
            }
            previous = byte
        }
        return false
    }
}
