internal import HTTP

/// The segments of a path as each server between here and MLflow's handlers may see them.
///
/// MLflow's servers decode a path once and then cut it at its slashes. One that cuts first sees `a%2Fb` as one segment;
/// one behind another decodes a second time. All of these are kept, so that no encoding hides what is asked.
struct PathReadings {
    /// The different readings; the first is MLflow's.
    let all: [[ArraySlice<UInt8>]]

    /// Makes the readings; nil when the path is no path, or is encoded so often that nobody means it.
    init?(_ path: String) {
        var text = Array(path.utf8)
        guard text.first == UInt8(ascii: "/") else { return nil }
        guard text.contains(UInt8(ascii: "%")) else {
            all = [Self.split(text)]
            return
        }
        var readings: [[ArraySlice<UInt8>]] = []
        for _ in 0..<Self.maximumDecodings {
            let decoded = PercentEncoding.decode(String(decoding: text, as: UTF8.self))
            if decoded == text {
                all = readings
                return
            }
            // Cut first, then decoded: differs where a slash is encoded.
            let cutFirst = Self.split(text).map {
                ArraySlice(PercentEncoding.decode(String(decoding: $0, as: UTF8.self)))
            }
            let decodedFirst = Self.split(decoded)
            readings.append(decodedFirst)
            if cutFirst.count != decodedFirst.count { readings.append(cutFirst) }
            text = decoded
        }
        return nil
    }

    private static let maximumDecodings = 5

    /// What stands behind each slash. `/a/` has two segments, the second of them empty: to MLflow that is another path.
    private static func split(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }
}
