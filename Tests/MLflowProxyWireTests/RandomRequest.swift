import HTTP
import LambdaEmulator
import TestSupport

/// A request as clients make them, odd in every place where encodings differ, with what is to arrive of it.
struct RandomRequest {
    var method: HTTPMethod
    var path: String
    /// The pairs of the query, as they are written.
    var query: [(name: String, value: String)]
    var body: [UInt8]

    init(_ random: inout SeededGenerator) {
        method = [.get, .get, .post, .put, .patch, .delete][Int.random(in: 0..<6, using: &random)]
        repeat { path = Self.path(&random) } while Self.isAmbiguous(path)
        query = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            query.append((Self.text(Self.names, 1...2, &random), Self.text(Self.values, 0...6, &random)))
        }
        body =
            method == .get
            ? [] : (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// The request as it comes to the load balancer.
    var request: ServerRequest {
        let target = path + (query.isEmpty ? "" : "?" + query.map { "\($0.name)=\($0.value)" }.joined(separator: "&"))
        let headers: HTTPHeaders = [
            "Host": "mlflow.example.com", "User-Agent": "test", "Accept": "*/*",
            "Content-Type": "application/octet-stream",
            "Content-Length": String(body.count),
        ]
        return ServerRequest(head: ServerRequestHead(method: method, target: target, headers: headers), body: body)
    }

    /// The query that is to arrive: names in the order in which they first came, since the load balancer gathers the
    /// values of a name; each part decoded, `+` read as a space, and strictly encoded.
    var canonicalQuery: String? {
        var order: [String] = []
        for item in query where !order.contains(item.name) { order.append(item.name) }
        let items = order.flatMap { name in query.filter { $0.name == name } }
        return items.isEmpty
            ? nil : items.map { "\(Self.canonical($0.name))=\(Self.canonical($0.value))" }.joined(separator: "&")
    }

    /// Decodes and encodes again, apart from the product's own way to do it.
    static func canonical(_ text: String) -> String {
        decoded(text.utf8.map { $0 == 0x2B ? 0x20 : $0 }).map { byte in
            let isPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(Character(Unicode.Scalar(byte))) : "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }

    static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = String(decoding: bytes[(index + 1)...].prefix(2), as: UTF8.self)
            if bytes[index] == 0x25, digits.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }), digits.utf8.count == 2,
                let value = UInt8(digits, radix: 16)
            {
                output.append(value)
                index += 3
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return output
    }

    // MARK: Pieces

    private static func path(_ random: inout SeededGenerator) -> String {
        "/" + text(pathPieces, 0...12, &random)
    }

    private static func text(
        _ pieces: [String], _ count: ClosedRange<Int>, _ random: inout SeededGenerator
    ) -> String {
        (0..<Int.random(in: count, using: &random)).map { _ in
            // Now and then any character of any script.
            guard Int.random(in: 0..<8, using: &random) == 0 else {
                return pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            let scalar = Unicode.Scalar(UInt32.random(in: 0x20...0x2FFFF, using: &random)) ?? "x"
            return String(scalar).utf8.map { byte in
                let digits = String(byte, radix: 16, uppercase: Bool.random(using: &random))
                return "%" + digits
            }.joined()
        }.joined()
    }

    private static let pathPieces = [
        "/", "/", "/", "a", "experiments", "ajax-api/2.0/mlflow", "static-files", "%2F", "%2f", "%20", "%25", "%2B",
        "+", ".", "..", "-", "_",
        "~", "!", "$", "&", "'", "(", ")", "*", ",", ";", "=", ":", "@", "[", "]", "|", "^", "%C3%BC", "%e6%97%a5",
        "%F0%9F%98%80", "%41",
        "%7E", "%2e", "%23", "%3F", "%26", "%3D", "%22", "0", "Z",
    ]
    private static let names = [
        "a", "run_id", "path", "a[]", "%61", "a%20b", "a+b", "%26", "%3D", "%FC", "~", "*", "%", "filter", "q%2B",
    ]
    private static let values = [
        "x", "1", "+", "%20", "%2B", "%2b", "%", "%zz", "%4", "%00", "%ff", "%C3%BC", "*", "'", "(", ")", "!", "~", "=",
        "==", "/", "%2F", "?",
        ":", "@", "$", ",", ";", "[0]", "{\"a\":1}", "%25", "%2525", "-", "_", ".", "..", "|", "^", "`", "\\", "<", ">",
        "\"",
    ]

    /// Whether a path can be read in more than one way, so that the proxy refuses it; these are another test's subject.
    private static func isAmbiguous(_ path: String) -> Bool {
        var reading = Array(path.utf8)
        for _ in 0..<4 {
            if reading.dropFirst().first == 0x2F || reading.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x5C }) {
                return true
            }
            let segments = reading.split(separator: 0x2F).map { $0.prefix { $0 != 0x3B } }
            if segments.contains(where: { !$0.isEmpty && $0.count < 3 && $0.allSatisfy { $0 == 0x2E } }) { return true }
            let next = decoded(reading)
            if next == reading { return false }
            reading = next
        }
        return true
    }
}
