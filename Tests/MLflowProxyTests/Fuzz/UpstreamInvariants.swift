import HTTP
import LambdaEvents
import MLflowProxy

/// What holds for every request that leaves the proxy, whatever came in. Written apart from the proxy's own rules.
struct UpstreamInvariants {
    let world: FuzzWorld
    let identities: FuzzIdentities

    /// What is wrong with a request that left the proxy because of an event's.
    func violations(_ sent: HTTPRequest, for asked: ALBTargetRequest, _ shape: HostileEvent.Shape) -> [String] {
        if sent.authority == SignInFixture.keyHost { return keyViolations(sent) }
        if let found = serviceViolations(sent, for: asked) { return found }
        var found: [String] = []
        func check(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { found.append(what()) } }
        check(sent.scheme == "https" && sent.authority == world.authority, "asked \(sent.scheme)://\(sent.authority)")
        check(identities.mayPass(asked), "let in a caller that nobody knows")
        check(Self.methods.contains(sent.method.rawValue), "method \(sent.method)")
        check(sent.method == asked.method, "method \(asked.method) became \(sent.method)")
        check(isAllowed(sent), "\(sent.method) \(sent.path) with \(world.access.rawValue)")
        found += pathViolations(sent.path, asked: asked.path)
        found += queryViolations(sent.query, asked: asked.query)
        found += headerViolations(sent.headers, asked: asked.headers, mayHoldCanaries: shape == .mangled)
        if case .bytes(let body) = sent.body {
            check(body == asked.body, "another body")
        } else {
            found.append("a streamed body")
        }
        return found
    }

    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private func keyViolations(_ sent: HTTPRequest) -> [String] {
        let id = sent.path.dropFirst().utf8
        let isID =
            id.count == 36 && id.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
        let isPlain = identities.kind == .signIn && sent.scheme == "https" && sent.method == .get && sent.query == nil
        let isAnonymous = !sent.headers.contains {
            $0.value.contains(HostileValues.canary) || $0.name == "authorization"
        }
        return isID && isPlain && isAnonymous ? [] : ["asked the key server for \(sent.url) \(sent.headers)"]
    }

    /// What is wrong with a request that is the proxy's own, to another service or for a route of its own; nil when it is
    /// neither.
    private func serviceViolations(_ sent: HTTPRequest, for asked: ALBTargetRequest) -> [String]? {
        var found: [String] = []
        func check(_ holds: Bool, _ what: String) { if !holds { found.append("\(what): \(sent.method) \(sent.url)") } }
        check(identities.mayPass(asked), "let in a caller that nobody knows")
        check(sent.headers["authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/") == true, "not signed")
        check(!sent.url.contains(HostileValues.canary), "a secret in a URL")
        switch sent.authority {
        case FuzzWorld.controlPlaneHost:
            check(asked.path == "/_proxy/open" && asked.method == .get, "SageMaker was asked for \(asked.path)")
            check(world.access == .full, "MLflow was opened past \(world.access.rawValue)")
            check(sent.headers["x-amz-target"]?.hasPrefix("SageMaker.CreatePresignedMlflow") == true, "another call")
            let name = world.isApp ? world.arn : String(world.arn.split(separator: "/").last ?? "")
            check(Self.text(sent.body).contains(name), "another MLflow was opened")
        case FuzzWorld.overflowHost where isLookedAt(sent, asked), FuzzWorld.uploadHost where isLookedAt(sent, asked):
            break
        case FuzzWorld.overflowHost where world.hasBuckets:
            check(sent.path.hasPrefix("/mlflow-proxy/"), "outside of the prefix")
        case FuzzWorld.uploadHost where world.hasBuckets:
            check(asked.path.hasPrefix("/_proxy/uploads"), "S3 was asked for \(asked.path)")
            check(sent.path.hasPrefix("/mlflow/"), "outside of the place for uploads")
            check(world.access != .readOnly, "an upload with \(world.access.rawValue)")
        case world.authority where asked.path == "/_proxy/health" || asked.path.hasPrefix("/_proxy/uploads"):
            check(sent.scheme == "https", "not encrypted")
            let route = String(sent.path.dropFirst(world.pathPrefix.count))
            check(Self.ownReads.contains { route.hasPrefix($0) }, "another route")
            check(sent.headers[world.arnHeader] == world.arn, "another MLflow")
        default: return nil
        }
        return found
    }

    /// Whether the deep health check looks at a bucket.
    private func isLookedAt(_ sent: HTTPRequest, _ asked: ALBTargetRequest) -> Bool {
        world.hasBuckets && asked.path == "/_proxy/health" && sent.method == .head && sent.path == "/"
    }

    /// What the proxy asks MLflow for routes of its own.
    private static let ownReads = [
        "/api/2.0/mlflow/experiments/search", "/api/2.0/mlflow/runs/get", "/api/2.0/mlflow/logged-models/",
    ]

    /// What `PROXY_ACCESS` certainly forbids.
    private func isAllowed(_ sent: HTTPRequest) -> Bool {
        let last = sent.path.split(separator: "/").last.map(String.init) ?? ""
        switch world.access {
        case .full: return true
        case .noDelete: return sent.method != .delete && last != "delete"
        case .readOnly:
            return [.get, .head, .post, .options].contains(sent.method)
                && !(sent.method == .post && ["create", "delete", "log-batch", "unheard-of", "version"].contains(last))
                && !(last == "graphql" && Self.text(sent.body).contains("utation"))
        }
    }

    private static func text(_ body: HTTPBody) -> String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    // MARK: Path and query

    private func pathViolations(_ path: String, asked: String) -> [String] {
        var expected = asked
        if asked.hasPrefix("/_proxy/parts/") {
            expected =
                "/"
                + asked.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)[3].drop { $0 != "/" }
                .dropFirst()
        }
        guard path.utf8.elementsEqual((world.pathPrefix + expected).utf8) else {
            return ["path \(asked) became \(path)"]
        }
        var reading = Array(expected.utf8)
        for _ in 0..<6 {
            if reading.first != 0x2F || reading.dropFirst().first == 0x2F { return ["path \(path) may name a host"] }
            if reading.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x5C }) {
                return ["path \(path) hides a byte"]
            }
            let segments = reading.split(separator: 0x2F).map { $0.prefix { $0 != 0x3B } }
            if segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) {
                return ["path \(path) goes up"]
            }
            if segments.first?.elementsEqual("_proxy".utf8) == true { return ["path \(path) is the proxy's own"] }
            reading = Self.decoded(reading)
        }
        return []
    }

    private func queryViolations(_ query: String?, asked: [ALBTargetRequest.QueryItem]) -> [String] {
        let sent = (query ?? "").utf8.split(separator: 0x26, omittingEmptySubsequences: false)
            .filter { query != nil || !$0.isEmpty }
            .map { pair -> [[UInt8]] in
                let parts = pair.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false).map(Array.init)
                return [Self.decoded(parts[0]), Self.decoded(parts.count > 1 ? parts[1] : [])]
            }
        let meant = asked.map { item in
            [item.name, item.value].map { text in Self.decoded(text.utf8.map { $0 == 0x2B ? 0x20 : $0 }) }
        }
        let isStrict = (query ?? "").utf8.allSatisfy {
            PercentEncoding.isUnreserved($0) || $0 == 0x25 || $0 == 0x26 || $0 == 0x3D
        }
        let hasSignature = sent.contains { String(decoding: $0[0], as: UTF8.self).lowercased().hasPrefix("x-amz-") }
        return (sent == meant ? [] : ["query \(asked) became \(query ?? "none")"])
            + (isStrict ? [] : ["query \(query ?? "") is not strict"])
            + (hasSignature ? ["query \(query ?? "") signs"] : [])
    }

    private static func decoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2, let value = UInt8(hexadecimal: rest.prefix(2)) {
                output.append(value)
                rest = rest.dropFirst(2)
            } else {
                output.append(byte)
            }
        }
        return output
    }

    // MARK: Headers

    private func headerViolations(_ sent: HTTPHeaders, asked: HTTPHeaders, mayHoldCanaries: Bool) -> [String] {
        var found: [String] = []
        let nominated = Set(
            asked.values("connection").flatMap { $0.lowercased().split(separator: ",") }
                .map { String($0.drop { " \t".contains($0) }.prefix { !" \t".contains($0) }) })
        for field in sent {
            let name = field.name.lowercased().replacing("_", with: "-")
            if !field.isValid { found.append("header \(field) is malformed") }
            if Self.forbidden.contains(name)
                || Self.forbiddenPrefixes.contains(where: { name.hasPrefix($0) }) && !isOurs(field.name)
            {
                found.append("header \(field) is not for the service")
            }
            // Some fields are the proxy's own words, beside those of the client.
            let isRemade = ["accept-encoding", "via", "user-agent"].contains(name) || isOurs(field.name)
            if nominated.contains(name), !isRemade || field.value.contains("client-hop") {
                found.append("header \(field) was to stay on its connection")
            }
            if field.value.contains(HostileValues.canary), !mayHoldCanaries, field.name != "x-amz-security-token" {
                found.append("header \(field) leaks")
            }
            if field.value.contains(CanaryCredentials.secretAccessKey) {
                found.append("header \(field.name) holds the secret key")
            }
        }
        for (name, value) in [
            ("authorization", nil), ("x-amz-date", nil), ("x-amz-content-sha256", nil), (world.arnHeader, world.arn),
            ("x-amz-security-token", CanaryCredentials.sessionToken),
        ] {
            let values = sent.values(name)
            if values.count != 1 || value != nil && values[0] != value { found.append("\(name) is \(values)") }
        }
        if sent["authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/") != true {
            found.append("the request is not signed")
        }
        if sent.values("cookie").count > 1 || sent.values("content-type").count > 1 { found.append("a field twice") }
        return found
    }

    private func isOurs(_ name: String) -> Bool {
        ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", world.arnHeader].contains(name)
    }

    /// `Host` and the length are written by the client of the wire, once.
    private static let forbidden: Set<String> = [
        "host", "content-length", "connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding",
        "upgrade",
        "http2-settings", "proxy-authorization", "proxy-authenticate", "expect", "forwarded", "x-real-ip",
        "x-client-ip",
        "x-original-host", "x-host", "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override",
        "x-method-override", "origin", "referer",
    ]
    private static let forbiddenPrefixes = [
        "x-amz-", "x-amzn-oidc-", "x-amzn-mtls-", "x-amzn-tls-", "x-forwarded-", "x-sm-", "x-mlflow-sm-",
    ]
}

extension UInt8 {
    /// Reads two hexadecimal digits.
    fileprivate init?(hexadecimal digits: ArraySlice<UInt8>) {
        let values = digits.compactMap { digit -> UInt8? in
            switch digit {
            case 0x30...0x39: digit - 0x30
            case 0x41...0x46: digit - 0x41 + 10
            case 0x61...0x66: digit - 0x61 + 10
            default: nil
            }
        }
        guard values.count == 2 else { return nil }
        self = values[0] << 4 | values[1]
    }
}
