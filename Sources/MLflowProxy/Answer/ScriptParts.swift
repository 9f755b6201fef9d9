internal import Compression
internal import HTTP

/// A script that is too large for one answer, cut into parts that are not.
///
/// The browser is given a small script in its place, which fetches the parts from this same origin, joins them and runs
/// the whole before it returns, so that whoever waits for the script's `load` event finds its work done. No state is
/// kept: a part's address says which of how many it is, and the cut depends on the script's bytes alone.
enum ScriptParts {
    /// The route that the parts are fetched from: `/_proxy/parts/INDEX-COUNT/PATH`.
    static let route = "/_proxy/parts/"

    /// More parts than this are not worth a browser's wait.
    static let maximumCount = 32

    /// The answer that stands in for a script: a loader of its parts.
    static func stand(
        for response: HTTPResponse, path: String, query: String?, takesGzip: Bool
    ) throws(ProxyError) -> HTTPResponse {
        let script = try plain(response)
        guard let count = try? count(of: script, takesGzip: takesGzip) else { throw AnswerLimit.fault(path: path) }
        var answer = HTTPResponse(status: 200, headers: response.headers)
        // The tag and the coding are those of the whole script.
        for name in ["etag", "content-encoding", "last-modified", "accept-ranges"] { answer.headers.remove(name) }
        answer.headers.append("vary", "accept-encoding, sec-fetch-dest")
        answer.body = Array(loader(path: path, query: query, count: count).utf8)
        return answer
    }

    /// One part of a script, as an answer of its own.
    static func part(_ part: ScriptPart, of response: HTTPResponse) throws(ProxyError) -> HTTPResponse {
        guard response.status == 200 else { return response }
        let script = try plain(response)
        var answer = response
        for name in ["etag", "content-encoding", "last-modified", "accept-ranges"] { answer.headers.remove(name) }
        answer.body = Array(script[ranges(of: script, count: part.count)[part.index]])
        return answer
    }

    /// The script's own bytes.
    private static func plain(_ response: HTTPResponse) throws(ProxyError) -> [UInt8] {
        guard response.headers["content-encoding"] == "gzip" else { return response.body }
        do {
            return try Gzip.decompress(response.body, limit: AnswerLimit.maximumScriptBytes)
        } catch {
            throw .badGateway("The MLflow service's answer cannot be decompressed: \(error).")
        }
    }

    /// The least number of parts that each fit; nil when even the most do not.
    private static func count(of script: [UInt8], takesGzip: Bool) throws(GzipError) -> Int? {
        let limit = AnswerLimit.safeBodyBytes
        func size(_ bytes: [UInt8]) throws(GzipError) -> Int {
            takesGzip ? try Gzip.compress(bytes, level: .fast).count : bytes.count
        }
        var count = max(2, (try size(script) + limit - 1) / limit)
        while count <= maximumCount {
            var fits = true
            for range in ranges(of: script, count: count) where fits { fits = try size(Array(script[range])) <= limit }
            if fits { return count }
            count += 1
        }
        return nil
    }

    /// The byte ranges of a script's parts: equal but for a few bytes, so that no character is cut.
    static func ranges(of script: [UInt8], count: Int) -> [Range<Int>] {
        let cuts = (0...count).map { boundary(near: script.count * $0 / count, in: script) }
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    }

    /// The last place at or before an offset at which a UTF-8 character starts.
    private static func boundary(near offset: Int, in bytes: [UInt8]) -> Int {
        var offset = offset
        while offset > 0, offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
        return offset
    }

    /// The script that fetches the parts. They are asked for one after the other while the page waits, as it would for
    /// the whole script.
    static func loader(path: String, query: String?, count: Int) -> String {
        let target = javaScriptString(path + (query.map { "?" + $0 } ?? ""))
        return """
            (function () {
              var target = \(target), text = "";
              for (var index = 0; index < \(count); index++) {
                var request = new XMLHttpRequest();
                request.open("GET", "\(route)" + index + "-\(count)" + target, false);
                request.send();
                if (request.status !== 200) {
                  throw new Error("part " + index + " of " + target + " failed with status " + request.status);
                }
                text += request.responseText;
              }
              var script = document.createElement("script");
              script.text = text + "\\n//# sourceURL=" + target;
              document.head.appendChild(script).remove();
            })();

            """
    }

    /// A JavaScript string; whatever might end it is escaped.
    private static func javaScriptString(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x25, 0x26, 0x2D, 0x2E, 0x2F, 0x3D, 0x3F, 0x5F, 0x7E:
                result.append(Character(Unicode.Scalar(UInt8(unit))))
            default:
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}

/// Which part of how many, of which script.
struct ScriptPart: Equatable {
    /// Counted from 0.
    var index: Int
    /// How many parts the script is cut into.
    var count: Int
    /// The whole script's path.
    var path: String

    /// Reads a part's address, `/_proxy/parts/INDEX-COUNT/PATH`; nil when it is none.
    init?(_ path: String) {
        guard path.hasPrefix(ScriptParts.route) else { return nil }
        let rest = path.dropFirst(ScriptParts.route.count)
        guard let slash = rest.firstIndex(of: "/") else { return nil }
        let numbers = rest[..<slash].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let index = numbers[0], let count = numbers[1],
            (2...ScriptParts.maximumCount).contains(count), (0..<count).contains(index)
        else { return nil }
        self.index = index
        self.count = count
        self.path = String(rest[slash...])
        guard !OwnRoutes.isOwn(self.path) else { return nil }
    }
}
