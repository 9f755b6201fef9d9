internal import HTTP

/// Takes secrets out of texts that people read: reasons and log lines.
///
/// Taken out are the given texts, the query of every URL, access key ids, JSON web tokens, and the values that follow
/// the names credentials have.
public struct Redaction: Sendable {
    /// What takes the place of a secret.
    public static let mark = "***"

    private let secrets: [[UInt8]]

    /// A redaction of given texts, besides what is found by its form. Texts of less than four bytes are no secrets, and
    /// would tear words apart.
    public init(secrets: [String] = []) {
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= 4 }.sorted { $0.count > $1.count }
    }

    /// A redaction of one request: its URL, and all that makes the URL's query a credential.
    init(_ address: ReplyAddress, secrets: [String] = []) {
        let query = URLParts(address.responseURL)?.query
        let values = (query ?? "").split(separator: "&").compactMap { pair -> String? in
            let name = HTTPToken.lowercased(String(pair.prefix { $0 != "=" }))
            guard ["signature", "x-amz-signature", "x-amz-credential", "x-amz-security-token"].contains(name) else {
                return nil
            }
            return String(pair.dropFirst(name.utf8.count + 1))
        }
        let decoded = values.map { String(decoding: PercentEncoding.decode($0), as: UTF8.self) }
        self.init(secrets: [address.responseURL] + (query.map { [$0] } ?? []) + values + decoded + secrets)
    }

    /// The text without secrets.
    public func apply(to text: String) -> String {
        let input = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(input.count)
        var index = 0
        while index < input.count {
            if let end = secretEnd(input, index) ?? Self.keyIDEnd(input, index) ?? Self.tokenEnd(input, index) {
                output += Self.mark.utf8
                index = end
            } else if let (start, end) = Self.queryRange(input, index) ?? Self.namedValue(input, index) {
                // What comes before the value may hold a given secret itself, a URL's path for one.
                output += apply(toPlain: input[index..<start])
                output += Self.mark.utf8
                index = end
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private func apply(toPlain bytes: ArraySlice<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output: [UInt8] = []
        var index = 0
        while index < input.count {
            if let end = secretEnd(input, index) {
                output += Self.mark.utf8
                index = end
            } else {
                output.append(input[index])
                index += 1
            }
        }
        return output
    }

    private func secretEnd(_ input: [UInt8], _ index: Int) -> Int? {
        secrets.first { input[index...].starts(with: $0) }.map { index + $0.count }
    }

    /// `AKIA` or `ASIA` and sixteen capitals or digits.
    private static func keyIDEnd(_ input: [UInt8], _ index: Int) -> Int? {
        guard input.count - index >= 20,
            input[index...].starts(with: "AKIA".utf8) || input[index...].starts(with: "ASIA".utf8)
        else { return nil }
        let rest = input[(index + 4)..<(index + 20)]
        return rest.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) } ? index + 20 : nil
    }

    /// A JSON web token: `eyJ`, then base64url parts with dots between them.
    private static func tokenEnd(_ input: [UInt8], _ index: Int) -> Int? {
        guard input[index...].starts(with: "eyJ".utf8) else { return nil }
        let body = input[index...].prefix { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
        return body.contains(UInt8(ascii: ".")) && body.count > 20 ? body.endIndex : nil
    }

    /// The query of a URL that begins here.
    private static func queryRange(_ input: [UInt8], _ index: Int) -> (Int, Int)? {
        let rest = input[index...]
        guard rest.starts(with: "https://".utf8) || rest.starts(with: "http://".utf8) else { return nil }
        let url = rest.prefix { !endsValue($0) || $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ",") }
        guard let mark = url.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return (mark + 1, url.endIndex)
    }

    /// The value after a credential's name, when one begins here: `SessionToken: "…"`, `Signature=…`.
    private static func namedValue(_ input: [UInt8], _ index: Int) -> (Int, Int)? {
        // Most bytes begin no name.
        switch input[index] | 0x20 {
        case 0x61, 0x63, 0x70, 0x73, 0x78: break
        default: return nil
        }
        guard let name = names.first(where: { matches(input, index, $0) }) else { return nil }
        var start = index + name.count
        var isSeparated = false
        while start < input.count, " \"'\\=:".utf8.contains(input[start]) {
            isSeparated = isSeparated || input[start] == UInt8(ascii: "=") || input[start] == UInt8(ascii: ":")
            start += 1
        }
        guard isSeparated, start < input.count else { return nil }
        for scheme in ["bearer ", "basic ", "aws4-hmac-sha256 "] where matches(input, start, Array(scheme.utf8)) {
            start += scheme.utf8.count
        }
        let end = input[start...].firstIndex(where: endsValue) ?? input.endIndex
        return end > start ? (start, end) : nil
    }

    /// Names of credentials in small letters; longer ones first, as some begin alike.
    private static let names: [[UInt8]] = [
        "aws_secret_access_key", "aws_session_token", "x-amz-security-token", "x-amz-credential", "x-amz-signature",
        "secretaccesskey", "secret_access_key", "sessiontoken", "session_token", "authorization", "client_secret",
        "credential", "signature", "password", "authtoken",
    ].map { Array($0.utf8) }

    private static func matches(_ input: [UInt8], _ index: Int, _ name: [UInt8]) -> Bool {
        guard input.count - index >= name.count else { return false }
        return input[index..<(index + name.count)].elementsEqual(name) { HTTPToken.lowercased($0) == $1 }
    }

    private static func endsValue(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "\"'\\,&;<>(){}[]".utf8.contains(byte)
    }
}
