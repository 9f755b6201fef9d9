/// Finds the known name that a mistyped one was meant to be.
public enum NearestName {
    /// The known name nearest to the text, or nil when none is near: more than a third of its letters (at least two)
    /// would have to change.
    public static func of(_ text: String, among names: some Sequence<String>) -> String? {
        let candidates = names.map { name in (name, distance(Array(text.utf8), Array(name.utf8))) }
        guard let (name, distance) = candidates.min(by: { $0.1 < $1.1 }) else { return nil }
        return distance <= max(2, name.utf8.count / 3) ? name : nil
    }

    /// The number of letters to insert, remove or replace (Levenshtein's distance).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in 0..<right.count {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
