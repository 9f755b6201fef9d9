internal import Compression

/// A script that is too large for one answer, cut into parts that are not.
///
/// The browser is given a small script in its place, which fetches the parts from this same origin, joins them and runs
/// the whole before it returns, so that whoever waits for the script's `load` event finds its work done. No state is
/// kept: a part's address says which of how many it is, and the cut depends on the script's bytes alone.
struct ScriptParts {
    /// The route that the parts are fetched from: `/_proxy/parts/INDEX-COUNT/PATH`.
    static let route = "/_proxy/parts/"

    /// More parts than this are not worth a browser's wait.
    static let maximumCount = 32

    /// Which part of how many.
    struct Position: Equatable {
        var index: Int
        var count: Int
    }

    /// The byte ranges of a script's parts: equal but for a few bytes, so that no character is cut.
    static func ranges(of script: [UInt8], count: Int) -> [Range<Int>] {
        let cuts = (0...count).map { boundary(near: script.count * $0 / count, in: script) }
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }

    /// The least number of parts of which each, compressed when the client takes that, has at most `limit` bytes; nil
    /// when even the most parts are too large.
    static func count(for script: [UInt8], compressed: Bool, limit: Int) throws(GzipError) -> Int? {
        let size = compressed ? try Gzip.compress(script, level: .fast).count : script.count
        var count = max(2, (size + limit - 1) / max(limit, 1))
        while count <= maximumCount {
            var largest = 0
            for range in ranges(of: script, count: count) {
                largest = max(largest, compressed ? try Gzip.compress(Array(script[range])).count : range.count)
            }
            if largest <= limit { return count }
            count += 1
        }
        return nil
    }

    /// The script that stands in for the whole one.
    ///
    /// - Parameters:
    ///   - path: The whole script's path, which needs no escaping: it is visible ASCII without quotes and backslashes
    ///     once it has been through the proxy's path rules.
    ///   - count: The number of parts.
    static func loader(path: String, query: String?, count: Int) -> String {
        let target = literal(path + (query.map { "?" + $0 } ?? ""))
        return """
            (function () {
              var text = "";
              for (var index = 0; index < \(count); index++) {
                var request = new XMLHttpRequest();
                request.open("GET", "\(route)" + index + "-\(count)" + \(target), false);
                request.send();
                if (request.status !== 200) { throw new Error("part " + index + " of " + \(target) + " failed: " + request.status); }
                text += request.responseText;
              }
              var script = document.createElement("script");
              script.text = text + "\\n//# sourceURL=" + \(target);
              document.head.appendChild(script).remove();
            })();

            """
    }

    /// Reads `INDEX-COUNT/PATH` of a part's address; nil when it is none.
    static func parse(_ path: String) -> (position: Position, path: String)? {
        guard path.hasPrefix(route) else { return nil }
        let rest = path.dropFirst(route.count)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        let numbers = rest[..<slash].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let index = numbers[0], let count = numbers[1], (2...maximumCount).contains(count),
            (0..<count).contains(index)
        else { return nil }
        return (Position(index: index, count: count), String(rest[slash...]))
    }

    /// The last place at or before an offset at which a UTF-8 character starts.
    private static func boundary(near offset: Int, in bytes: [UInt8]) -> Int {
        var offset = offset
        while offset > 0, offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
        return offset
    }

    /// A JavaScript string; what could end the string, or the page's script element, is escaped.
    private static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "-", "_", "~", "%", "?", "=", "&", "+":
                result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        return result + "\""
    }
}
