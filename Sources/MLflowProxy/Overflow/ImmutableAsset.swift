internal import HTTP

/// A file of MLflow's user interface whose name holds a hash of its content (`main.c2f5f8d4.js`), so that under this name
/// there are never other bytes.
struct ImmutableAsset: Hashable {
    /// The path, in characters that mean the same in a key.
    let path: String
    /// The last segment of the path.
    let name: String

    /// Reads what is asked for; nil when it may be another thing tomorrow.
    init?(path: String, query: String?) {
        // A query could choose between contents; the user interface sends none.
        guard query == nil, path.hasPrefix("/static-files/"),
            path.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }),
            let name = path.split(separator: "/").last, name.utf8.count <= 200, path.hasSuffix(name)
        else { return nil }
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count >= 3, pieces[1...].dropLast().contains(where: Self.isHash) else { return nil }
        self.path = path
        self.name = String(name)
    }

    /// Eight hexadecimal digits at the least, which is what webpack writes.
    private static func isHash(_ piece: Substring) -> Bool {
        (8...64).contains(piece.utf8.count)
            && piece.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
