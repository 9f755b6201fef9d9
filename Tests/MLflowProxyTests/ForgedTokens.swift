import Cryptography
import HTTP
import JSON
import TestSupport
import Testing
import Timestamps

/// A request that no load balancer of ours has made, and why it is refused.
struct Forgery: Sendable, CustomTestStringConvertible {
    var name: String
    /// Part of what the log says, so that each forgery is refused for its own fault.
    var reason: String
    var headers: @Sendable (SignInFixture) -> HTTPHeaders

    var testDescription: String { name }

    static func headers(
        _ name: String, _ reason: String, _ make: @escaping @Sendable (SignInFixture) -> HTTPHeaders
    )
        -> Forgery
    {
        Forgery(name: name, reason: reason, headers: make)
    }

    /// The token that a good one becomes.
    static func token(
        _ name: String, _ reason: String, _ make: @escaping @Sendable (SignInFixture) -> String
    )
        -> Forgery
    {
        Forgery(name: name, reason: reason) { ["x-amzn-oidc-data": make($0)] }
    }

    /// A token whose signature is right, and something in it is not.
    static func draft(
        _ name: String, _ reason: String, _ edit: @escaping @Sendable (inout TokenDraft) -> Void
    )
        -> Forgery
    {
        token(name, reason) { $0.token(edit) }
    }

    /// A token with a right signature and another value in its header.
    static func header(_ member: String, _ value: JSONValue?, _ reason: String) -> Forgery {
        let text = value.map { String(decoding: $0.encoded, as: UTF8.self) } ?? "missing"
        return draft("\(member) \(text.prefix(200))", reason) { $0.header[member] = value }
    }

    /// A token with a right signature and a header with something before its members.
    static func headerText(_ name: String, _ reason: String, _ edit: @escaping @Sendable (String) -> String) -> Forgery
    {
        draft(name, reason) {
            $0.headerText = edit(String(decoding: JSONValue.object($0.header).encoded, as: UTF8.self))
        }
    }

    /// A token with a right signature and another value in its payload.
    static func payload(_ member: String, _ value: JSONValue?, _ reason: String) -> Forgery {
        let text = value.map { String(decoding: $0.encoded, as: UTF8.self) } ?? "missing"
        return draft("payload \(member) \(text)", reason) { $0.payload[member] = value }
    }

    /// A good token whose three parts are put together in another way.
    static func parts(_ name: String, _ reason: String, _ edit: @escaping @Sendable ([String]) -> String) -> Forgery {
        token(name, reason) { edit($0.token().split(separator: ".").map(String.init)) }
    }

    /// A good token with another signature.
    static func signature(
        _ name: String, _ reason: String, _ make: @escaping @Sendable (SignInFixture, [UInt8]) -> [UInt8]
    ) -> Forgery {
        token(name, reason) { fixture in
            let signed = fixture.token().split(separator: ".").prefix(2).joined(separator: ".")
            return "\(signed).\(Base64URLText.encode(make(fixture, Array(signed.utf8)), padded: true))"
        }
    }

    static let all = algorithms + keyIDs + parties + ends + signatures + texts + payloads + fields

    private static let algorithms: [Forgery] =
        [
            .token("alg none, no signature", "alg") { fixture in
                let token = fixture.token { $0.header["alg"] = "none" }
                return token.split(separator: ".").prefix(2).joined(separator: ".") + "."
            },
            .token("alg HS256 with the public key for a secret", "alg") { fixture in
                let token = fixture.token { $0.header["alg"] = "HS256" }
                let signed = token.split(separator: ".").prefix(2).joined(separator: ".")
                let code = HMAC.sha256(key: Array(fixture.pair.publicPEM.utf8), message: signed)
                return "\(signed).\(Base64URLText.encode(code, padded: true))"
            },
            .headerText("alg twice", "name twice") { #"{"alg":"ES256","# + $0.dropFirst() },
            .headerText("alg twice, the last one right", "name twice") { #"{"alg":"none","# + $0.dropFirst() },
            .headerText("alg twice, once escaped", "name twice") { #"{"\u0061lg":"none","# + $0.dropFirst() },
            .header("crit", ["b64"], "critical"),
        ]
        + [nil, .null, "none", "None", "", "HS256", "RS256", "ES384", "ES512", "ES256K", "es256", "ES256 ", ["ES256"]]
        .map {
            .header("alg", $0, "alg")
        }

    private static let keyIDs: [Forgery] =
        ([
            nil, .null, 1, "", "8fa6f2b0-5c43-4b7e-9d0e-0123456789a", "8fa6f2b0-5c43-4b7e-9d0e-0123456789abc",
            "8FA6F2B0-5c43-4b7e-9d0e-0123456789ab", "../../../../../../../../../../etc/pw",
            "https://evil.example/0123456789abcde", "@evil.example/8fa6f2b0-5c43-4b7e-9d0",
            "?fa6f2b0-5c43-4b7e-9d0e-0123456789ab",
            "#fa6f2b0-5c43-4b7e-9d0e-0123456789ab", "%2e%2e%2f-5c43-4b7e-9d0e-0123456789a",
            "8fa6f2b0-5c43-4b7e-9d0e-0123456789a\n", "8fa6f2b0-5c43-4b7e-9d0e-0123456789a\0",
            "8fa6f2b0-5c43-4b7e-9d0e-0123456789ab\n", "８fa6f2b0-5c43-4b7e-9d0e-0123456789ab",
            "8fa6f2b0-5c43-4b7e-9d0e-01234567é", ["8fa6f2b0-5c43-4b7e-9d0e-0123456789ab"],
        ] as [JSONValue?]).map { .header("kid", $0, "kid") } + [
            .header("kid", "00000000-0000-0000-0000-000000000000", "there is no key")
        ]

    private static let parties: [Forgery] = [
        .header("signer", nil, "no signer"),
        .header("signer", .string(SignInFixture.loadBalancer.replacing("1234", with: "9999")), "signer"),
        .header("signer", .string(SignInFixture.loadBalancer + "/"), "signer"),
        .header("signer", .string(SignInFixture.loadBalancer + "\0"), "signer"),
        .header("signer", .string(SignInFixture.loadBalancer.uppercased()), "signer"),
        .header("signer", .string(SignInFixture.loadBalancer + "\u{200B}"), "signer"),
        .header("signer", [.string(SignInFixture.loadBalancer)], "no signer"),
        .headerText("signer twice", "name twice") { #"{"signer":"arn:aws:x","# + $0.dropFirst() },
        .header("client", nil, "no client"), .header("client", "5MNOPQ", "client"),
        // The sign for kelvin: a string of Swift with it equals one with a K.
        .header("client", .string(SignInFixture.client.replacing("K", with: "\u{212A}")), "client"),
        .header("client", .string(SignInFixture.client.lowercased()), "client"),
        .header("iss", nil, "no iss"), .header("iss", "https://evil.example.com/pool", "iss"),
        .header("iss", .string(SignInFixture.issuer + "/"), "iss"),
    ]

    private static let now = Fixture.now.secondsSinceEpoch

    private static let ends: [Forgery] =
        [
            .header("exp", nil, "no exp"), .header("exp", .integer(now - 60), "expired"),
            .header("exp", .string("\(now - 60)"), "expired"), .header("exp", 0, "expired"),
        ]
        + ([
            .null, true, "", "soon", -1, "-1", .string("+\(now + 60)"), .string(" \(now + 60)"),
            .string("\(now + 60) "),
            .number("\(now + 60).0"), .number("1.8e9"), .number("99999999999999999999"), "99999999999999999999",
            .integer((now + 60) * 1_000), .integer(Int64.max), [.integer(now + 60)], "0x7FFFFFFF", "１８００００００００",
        ] as [JSONValue]).map { .header("exp", $0, "not a time") }

    private static let signatures: [Forgery] = [
        .signature("another key", "signature is not") { _, signed in
            ECDSAKeyPair()?.signature(of: signed) ?? []
        },
        .signature("zeros", "signature is not") { _, _ in [UInt8](repeating: 0, count: 64) },
        .signature("one bit changed", "signature is not") { fixture, signed in
            var signature = fixture.pair.signature(of: signed)
            signature[63] ^= 1
            return signature
        },
        .signature("truncated", "64 bytes") { $0.pair.signature(of: $1).dropLast() },
        .signature("extended", "64 bytes") { $0.pair.signature(of: $1) + [0] },
        .signature("DER", "64 bytes") { $0.pair.derSignature(of: $1) },
        .signature("of P-384", "64 bytes") { _, signed in ECDSAKeyPair(.p384)?.signature(of: signed) ?? [] },
        .signature("none", "64 bytes") { _, _ in [] },
        .signature("of the payload alone", "signature is not") { fixture, signed in
            fixture.pair.signature(of: Array(signed.split(separator: UInt8(ascii: "."))[1]))
        },
        .parts("half the padding", "64 bytes") { "\($0[0]).\($0[1]).\($0[2].dropLast())" },
        .parts("another alphabet", "64 bytes") { "\($0[0]).\($0[1]).+/\($0[2].dropFirst(2))" },
        .parts("spare bits", "64 bytes") { parts in
            // The last digit before the padding has four bits to spare, so that its successor means the same.
            let last = parts[2].utf8[parts[2].utf8.index(parts[2].endIndex, offsetBy: -3)]
            return "\(parts[0]).\(parts[1]).\(parts[2].dropLast(3))\(Unicode.Scalar(last + 1))=="
        },
    ]

    private static let texts: [Forgery] = [
        .token("signed with padding, sent without", "signature is not") { fixture in
            // Lengths that need padding.
            fixture.token { $0.header["typ"] = .string(padded($0.header, "typ")) }.replacing("=", with: "")
        },
        .token("signed without padding, sent with it", "signature is not") { fixture in
            let parts = fixture.token {
                $0.header["typ"] = .string(padded($0.header, "typ"))
                $0.isPadded = false
            }.split(separator: ".")
            let padding = String(repeating: "=", count: (4 - parts[0].utf8.count % 4) % 4)
            return "\(parts[0])\(padding).\(parts[1]).\(parts[2])"
        },
        .token("another header", "signature is not") { fixture in
            let other = fixture.token { $0.header["exp"] = .integer(now + 100_000) }.split(separator: ".")
            let parts = fixture.token().split(separator: ".")
            return "\(other[0]).\(parts[1]).\(parts[2])"
        },
        .token("another payload", "signature is not") { fixture in
            let other = fixture.token { $0.payload["sub"] = "admin" }.split(separator: ".")
            let parts = fixture.token().split(separator: ".")
            return "\(parts[0]).\(other[1]).\(parts[2])"
        },
        .token("too long", "too long") {
            $0.token { $0.payload["x"] = .string(String(repeating: "x", count: 16 << 10)) }
        },
        .parts("two parts", "2 parts") { "\($0[0]).\($0[1])" },
        .parts("four parts", "4 parts") { "\($0[0]).\($0[1]).\($0[2]).\($0[2])" },
        .parts("five parts", "5 parts") { "\($0[0])....\($0[2])" },
        .parts("a dot behind", "4 parts") { $0.joined(separator: ".") + "." },
        .parts("no header", "header is not a JSON") { ".\($0[1]).\($0[2])" },
        .parts("no payload", "signature is not") { "\($0[0])..\($0[2])" },
        .parts("nothing but dots", "header is not a JSON") { _ in ".." },
        .parts("nothing", "1 parts") { _ in "" },
        .parts("a scheme before", "header is not Base64url") { "Bearer " + $0.joined(separator: ".") },
        .parts("in quotes", "header is not Base64url") { "\"\($0.joined(separator: "."))\"" },
        .parts("two in one field", "5 parts") { "\($0.joined(separator: ".")), \($0.joined(separator: "."))" },
        .parts("a space inside", "header is not Base64url") { "\($0[0]) .\($0[1]).\($0[2])" },
        .parts("a full stop of another width", "1 parts") { $0.joined(separator: "．") },
        .parts("a mark on the dot", "Base64url") { "\($0[0]).\u{301}\($0[1]).\u{301}\($0[2])" },
        .headerText("a header that is no JSON", "header is not a JSON") { "\($0)x" },
        .headerText("a header in an array", "header is not a JSON") { "[\($0)]" },
        .headerText("a header nested without end", "header is not a JSON") { _ in String(repeating: "[", count: 9_000)
        },
        .headerText("a byte order mark", "header is not a JSON") { "\u{FEFF}\($0)" },
    ]

    private static let payloads: [Forgery] = [
        .payload("exp", .integer(now - 60), "expired"), .payload("exp", "soon", "not a time"),
        .payload("iss", "https://evil.example.com/pool", "iss"), .payload("iss", 1, "iss"),
        .payload("sub", nil, "no sub"), .payload("sub", "", "no sub"), .payload("sub", 7, "no sub"),
        .draft("a payload that is no JSON", "payload is not a JSON") { $0.payloadText = "sub=1" },
        .draft("an empty payload", "payload is not a JSON") { $0.payloadText = "" },
        .draft("sub twice", "name twice") { $0.payloadText = #"{"sub":"jane","sub":"admin"}"# },
    ]

    private static let fields: [Forgery] = [
        .headers("no token", "0 x-amzn-oidc-data") { _ in [:] },
        .headers("a token twice", "2 x-amzn-oidc-data") {
            ["x-amzn-oidc-data": $0.token(), "X-Amzn-Oidc-Data": $0.token()]
        },
        .headers("a forged one before the right one", "2 x-amzn-oidc-data") {
            ["x-amzn-oidc-data": "a.b.c", "x-amzn-oidc-data": $0.token()]
        },
        .headers("the name alone", "0 x-amzn-oidc-data") { _ in
            ["x-amzn-oidc-identity": "admin", "x-amzn-oidc-accesstoken": "token"]
        },
        .headers("a bearer token", "0 x-amzn-oidc-data") { ["authorization": "Bearer \($0.token())"] },
        .headers("a name that looks the same", "0 x-amzn-oidc-data") { ["x_amzn_oidc_data": $0.token()] },
    ]

    /// A value that gives the header a length which needs padding in Base 64.
    private static func padded(_ header: JSONObject, _ member: String) -> String {
        var header = header
        var value = "JWT"
        repeat {
            value += "x"
            header[member] = .string(value)
        } while JSONValue.object(header).encoded.count % 3 == 0
        return value
    }
}
