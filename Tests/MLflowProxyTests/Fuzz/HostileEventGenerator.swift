import HTTP
import JSON
import LambdaEvents
import TestSupport

/// Makes hostile events: each begins as an ordinary request with secrets in it and is then changed a few times. The same
/// seed and number always give the same event.
struct HostileEventGenerator {
    /// What lets a caller in, and what does not.
    let identities: FuzzIdentities
    var random: SeededGenerator

    init(seed: UInt64, number: Int, identities: FuzzIdentities) {
        self.identities = identities
        random = SeededGenerator(seed: seed &* 0x1_0000_0001 &+ UInt64(number))
    }

    mutating func event() -> HostileEvent {
        var event = ordinary()
        for _ in 0..<Int.random(in: 0...3, using: &random) { change(&event) }
        if chance(12) { misshape(&event) }
        if chance(12) { mangle(&event) }
        return event
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func one<T>(of values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }

    private mutating func ordinary() -> HostileEvent {
        var event = HostileEvent()
        event.mode = chance(75) ? .multiple : .single
        event.method = one(of: ["GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
        event.path = one(of: HostileValues.ordinaryPaths)
        event.headers = [
            ("host", ["mlflow.example.com"]), ("x-forwarded-for", ["203.0.113.7, canary-identity"]),
            ("x-forwarded-proto", ["https"]), ("x-forwarded-port", ["443"]), ("connection", ["keep-alive"]),
            ("cookie", [one(of: HostileValues.cookies)]), ("x-amzn-oidc-accesstoken", ["canary-access"]),
        ]
        identities.identify(&event, &random)
        if event.method != "GET" && event.method != "HEAD" {
            event.body = Array(one(of: HostileValues.bodies).utf8)
            event.add("content-type", "application/json")
            event.isBase64 = chance(30)
        }
        if chance(50) { event.add("token", "canary-query", to: \.query) }
        return event
    }

    private mutating func change(_ event: inout HostileEvent) {
        switch Int.random(in: 0..<16, using: &random) {
        case 0: event.method = one(of: HostileValues.methods)
        case 1: event.path = one(of: HostileValues.paths)
        case 2, 3: insertIntoPath(&event)
        case 4, 5:
            for _ in 0...Int.random(in: 0...3, using: &random) {
                event.add(one(of: HostileValues.queryNames), one(of: HostileValues.queryValues), to: \.query)
            }
        case 6, 7:
            for _ in 0...Int.random(in: 0...4, using: &random) {
                event.add(cased(one(of: HostileValues.foreignNames)), one(of: HostileValues.foreignValues))
            }
        case 8:
            for _ in 0...Int.random(in: 0...3, using: &random) {
                event.add(cased(one(of: HostileValues.ordinaryNames)), one(of: HostileValues.ordinaryValues))
            }
        case 9: nominate(&event)
        case 10:
            if chance(50) {
                event.add(one(of: HostileValues.brokenNames), "canary-header")
            } else {
                event.add(one(of: HostileValues.ordinaryNames), one(of: HostileValues.brokenValues))
            }
        case 11: event.add(cased("host"), one(of: HostileValues.hosts))
        case 12: crossOrigin(&event)
        case 13: identities.misidentify(&event, &random)
        case 14:
            event.body = Array(one(of: HostileValues.bodies).utf8)
            event.add(
                "content-type", one(of: ["application/json", "text/plain", "application/graphql", "a/b\r\nx: y"]))
        default: unusual(&event)
        }
    }

    private mutating func insertIntoPath(_ event: inout HostileEvent) {
        for _ in 0...Int.random(in: 0...1, using: &random) {
            var scalars = Array(event.path.unicodeScalars)
            let place = Int.random(in: 0...scalars.count, using: &random)
            scalars.insert(contentsOf: one(of: HostileValues.pathPieces).unicodeScalars, at: place)
            event.path = String(String.UnicodeScalarView(scalars))
        }
    }

    /// A `Connection` field that names others, which must stay on their connection.
    private mutating func nominate(_ event: inout HostileEvent) {
        let name = one(of: [
            "x-custom", "x-mlflow-client-version", "cookie", "user-agent", "via", "range", "content-type", "host",
        ])
        let list = one(of: [
            "\(name)", "close, \(name)", "\(cased(name)) ,\tclose", ",,\(name),", "keep-alive,\(name), authorization",
        ])
        event.add(cased("connection"), list)
        event.set(name, name == "host" ? "mlflow.example.com" : name == "cookie" ? "mlflow=client-hop" : "client-hop")
    }

    private mutating func crossOrigin(_ event: inout HostileEvent) {
        event.add("origin", one(of: HostileValues.origins))
        event.add("referer", "https://evil.example/?canary-identity")
        if chance(30) {
            event.add("sec-fetch-site", one(of: ["cross-site", "same-site", "same-origin", "none", "", "evil"]))
        }
        if chance(40) {
            event.method = "OPTIONS"
            event.add("access-control-request-method", one(of: ["POST", "", "A\r\nB", "*"]))
            event.add(
                "access-control-request-headers", one(of: ["x-a, x-b", "a b, \u{FC}, *", "x\r\ny: z", "", ",,,"]))
        }
    }

    /// Requests of the load balancer itself, and more of everything than anybody needs.
    private mutating func unusual(_ event: inout HostileEvent) {
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<15:
            event.headers = [("user-agent", [one(of: ["ELB-HealthChecker/2.0", "ELB-HealthChecker/", "elb"])])]
            if chance(20) { event.add("host", "mlflow.example.com") }
        case 15..<25: event.add("cookie", one(of: HostileValues.cookies))
        case 25..<35:
            event.headers.removeAll { $0.name == one(of: ["host", "cookie", "connection", "x-forwarded-proto"]) }
        case 35: for number in 0..<2_000 { event.headers.append(("x-\(number)", ["v"])) }
        case 36: for number in 0..<3_000 { event.query.append(("k\(number)", ["canary-query"])) }
        case 37: event.path += "/" + String(repeating: one(of: ["a", "%41", "a/", "%2F", "."]), count: 8_000)
        case 38:
            event.body = [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: 200_000)
            event.isBase64 = true
        default: for _ in 0..<1_000 { event.add("x-repeated", "v") }
        }
    }

    private mutating func cased(_ name: String) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: name.uppercased()
        case 1: name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
        default: name
        }
    }

    // MARK: What no load balancer sends

    private mutating func misshape(_ event: inout HostileEvent) {
        event.shape = .misshapen
        let value = one(of: Self.wrongValues)
        let name = one(of: Self.memberNames)
        let other = event.mode == .multiple
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: event.edits.append { $0[name] = value }
        case 2: event.edits.append { $0[name] = nil }
        case 3: event.edits.append { $0.append(name, value) }
        case 4:
            // Both modes at once.
            event.edits.append {
                $0[other ? "headers" : "multiValueHeaders"] =
                    other ? ["host": "evil.example"] : ["host": ["evil.example"], "transfer-encoding": ["chunked"]]
                $0[other ? "queryStringParameters" : "multiValueQueryStringParameters"] =
                    other ? ["a": "b"] : ["a": ["b", "c"]]
            }
        default:
            event.edits.append {
                $0["body"] = .string(
                    ["====", "QUI", "QUJD RA==", "--__", "QUJ=", "\u{FC}"].first { $0.count != name.count } ?? "")
                $0["isBase64Encoded"] = true
            }
        }
    }

    private static let memberNames = [
        "requestContext", "httpMethod", "path", "multiValueHeaders", "headers", "multiValueQueryStringParameters",
        "queryStringParameters", "body", "isBase64Encoded", "version",
    ]
    private static let wrongValues: [JSONValue] = [
        .null, true, false, 0, -1, .number("1e308"), .number("100000000000000000000000000000"), "", "/", [], [:], [[]],
        ["a"], [.null],
        ["a": "b"], ["a": ["b"]], ["": [""]], ["elb": .null], ["elb": "x"], ["elb": ["targetGroupArn": 1]],
        ["a": .null], ["a": [1]],
        .string(String(repeating: "x", count: 20_000)),
        .object(JSONObject([.init(name: String(repeating: "n", count: 9_000), value: 1)])),
    ]

    private mutating func mangle(_ event: inout HostileEvent) {
        event.shape = .mangled
        for _ in 0...Int.random(in: 0...3, using: &random) {
            let place = Int.random(in: 0..<1 << 20, using: &random)
            let byte = UInt8.random(in: 0...255, using: &random)
            let piece = one(of: [
                "\"", "{", "}", "[", "]", ":", ",", "\\u0000", "\\ud800", "\\", "null", "\u{0}", "e", "-",
            ])
            switch Int.random(in: 0..<5, using: &random) {
            case 0: event.byteEdits.append { if !$0.isEmpty { $0[place % $0.count] = byte } }
            case 1: event.byteEdits.append { if !$0.isEmpty { $0[place % $0.count] ^= 1 << (byte & 7) } }
            case 2:
                event.byteEdits.append {
                    $0.removeSubrange((place % ($0.count + 1))..<min($0.count, place % ($0.count + 1) + Int(byte & 15)))
                }
            case 3: event.byteEdits.append { $0.insert(contentsOf: piece.utf8, at: place % ($0.count + 1)) }
            default: if byte < 64 { event.byteEdits.append { $0.removeLast($0.count - place % ($0.count + 1)) } }
            }
        }
    }
}
