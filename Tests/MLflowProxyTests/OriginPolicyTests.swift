import HTTP
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

@Suite struct OriginPolicyTests {
    private static let portal = WebOrigin("https://portal.example.com")
    private static let publicOrigin = WebOrigin("https://mlflow.example.com")

    private static func status(
        _ method: HTTPMethod, path: String = "/ajax-api/2.0/mlflow/runs/search", _ headers: HTTPHeaders,
        publicOrigin: WebOrigin? = nil
    ) async throws -> Int {
        var fixture = Fixture()
        fixture.configuration.publicOrigin = publicOrigin
        fixture.configuration.allowedOrigins = [portal].compactMap(\.self)
        let answer = try await fixture.answer(.example(method, path, headers: headers))
        #expect(fixture.transport.requests.isEmpty == (answer.status != 200))
        return answer.status
    }

    @Test(arguments: [
        "https://evil.example.net", "null", "", "https://mlflow.example.com.evil.net",
        "https://mlflow.example.com:8443",
        "http://mlflow.example.com", "https://evil.net/https://mlflow.example.com", "https://portal.example.com:444",
        "http://portal.example.com", "https://portal.example.com/", "https://portal.example.com evil", "file://", "*",
        "https://a@mlflow.example.com",
    ])
    func aForeignPageChangesNothing(origin: String) async throws {
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            #expect(try await Self.status(method, ["origin": origin]) == 403)
            #expect(try await Self.status(method, ["origin": origin], publicOrigin: Self.publicOrigin) == 403)
        }
        for path in ["/graphql", "/%67raphql", "/graphql/", "/prefix/graphql"] {
            #expect(try await Self.status(.get, path: path, ["origin": origin]) == 403)
        }
    }

    @Test(arguments: ["https://mlflow.example.com", "https://mlflow.example.com:443", "https://portal.example.com"])
    func ourPagesMay(origin: String) async throws {
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            #expect(try await Self.status(method, ["origin": origin]) == 200)
            #expect(try await Self.status(method, ["origin": origin], publicOrigin: Self.publicOrigin) == 200)
        }
        #expect(try await Self.status(.post, path: "/graphql", ["origin": origin]) == 200)
    }

    @Test func clientsThatAreNoBrowsersMay() async throws {
        #expect(try await Self.status(.post, [:]) == 200)
        #expect(try await Self.status(.delete, ["user-agent": "mlflow-python-client/3"]) == 200)
    }

    @Test(arguments: [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)])
    func aBrowserThatLeavesOriginOutIsAskedOtherwise(site: String, expected: Int) async throws {
        #expect(try await Self.status(.post, ["sec-fetch-site": site]) == expected)
        #expect(try await Self.status(.get, path: "/graphql", ["sec-fetch-site": site]) == expected)
        #expect(try await Self.status(.get, path: "/", ["sec-fetch-site": site]) == 200)
    }

    @Test func aForeignPageMayLinkToMLflow() async throws {
        #expect(try await Self.status(.get, ["origin": "https://evil.example.net"]) == 200)
    }

    @Test func twoOriginsAreNone() async throws {
        let twice: HTTPHeaders = ["origin": "https://mlflow.example.com", "Origin": "https://mlflow.example.com"]
        #expect(try await Self.status(.post, twice) == 403)
    }

    @Test func withoutTLSTheSameNameIsTheSameOrigin() async throws {
        var request = ALBTargetRequest.example(.post, "/a", headers: ["host": "127.0.0.1:8080"])
        request.headers["x-forwarded-proto"] = "http"
        request.headers["origin"] = "http://127.0.0.1:8080"
        #expect(try await Fixture().answer(request).status == 200)
        request.headers["origin"] = "http://127.0.0.1:8081"
        #expect(try await Fixture().answer(request).status == 403)
    }

    @Test(arguments: ["evil.example.net", "mlflow.example.com:8443", "mlflow.example.com.evil.net", "10.0.0.1"])
    func aNameThatIsNotOursIsMisdirected(host: String) async throws {
        #expect(try await Self.status(.get, path: "/", ["host": host], publicOrigin: Self.publicOrigin) == 421)
        #expect(try await Self.status(.get, path: "/", ["host": host]) == 200)
    }

    @Test(arguments: ["mlflow.example.com", "MLFLOW.example.com", "mlflow.example.com:443", "portal.example.com"])
    func ourNamesAreOurs(host: String) async throws {
        #expect(try await Self.status(.get, path: "/", ["host": host], publicOrigin: Self.publicOrigin) == 200)
    }

    @Test(arguments: ["a b", "mlflow.example.com@evil", "evil/", "h:0", "h:x", "[::1", "é", "", "a,b"])
    func aHostThatIsNoneIsRefused(host: String) async throws {
        #expect(try await Self.status(.get, path: "/", ["host": host]) == 400)
    }

    @Test func twoHostsAreRefused() async throws {
        #expect(try await Self.status(.get, path: "/", ["Host": "mlflow.example.com"]) == 400)
    }
}

@Suite struct CrossOriginTests {
    private static func fixture() -> Fixture {
        var fixture = Fixture(
            answering: HTTPResponse(
                status: 200, headers: ["access-control-allow-origin": "*", "vary": "Accept"], body: Array("{}".utf8)))
        fixture.configuration.allowedOrigins = [WebOrigin("https://portal.example.com")].compactMap(\.self)
        return fixture
    }

    private static let preflight: HTTPHeaders = [
        "access-control-request-method": "POST", "access-control-request-headers": "content-type, x-csrf, a b",
    ]

    @Test func aPreflightOfAConfiguredOriginIsAnsweredHere() async throws {
        var fixture = Self.fixture()
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        var headers = Self.preflight
        headers.append("origin", "https://portal.example.com")
        let answer = try await fixture.answer(.example(.options, "/a", headers: headers))
        #expect(answer.status == 204)
        #expect(answer.headers["access-control-allow-origin"] == "https://portal.example.com")
        #expect(answer.headers["access-control-allow-credentials"] == "true")
        #expect(answer.headers["access-control-allow-headers"] == "content-type, x-csrf")
        #expect(answer.headers["access-control-allow-methods"]?.contains("DELETE") == true)
        #expect(answer.headers.values("vary").contains("Origin"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test(arguments: [
        "https://evil.example.net", "null", "https://portal.example.com:8443", "https://mlflow.example.com.evil",
    ])
    func anyOtherPreflightIsRefusedHere(origin: String) async throws {
        let fixture = Self.fixture()
        var headers = Self.preflight
        headers.append("origin", origin)
        let answer = try await fixture.answer(.example(.options, "/a", headers: headers))
        #expect(answer.status == 403)
        #expect(!answer.headers.contains("access-control-allow-origin"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func answersAreSharedWithConfiguredOriginsAlone() async throws {
        for (origin, expected) in [
            ("https://portal.example.com", ["https://portal.example.com"]), ("https://evil.example.net", []),
            ("null", []),
        ] {
            let answer = try await Self.fixture().answer(.example(.get, "/a", headers: ["origin": origin]))
            #expect(answer.headers.values("access-control-allow-origin") == expected)
            #expect(answer.headers.values("vary") == ["Accept", "Origin"])
        }
    }

    @Test func aFaultIsReadableForAConfiguredOrigin() async throws {
        let answer = try await Self.fixture().answer(
            .example(.get, "/../a", headers: ["origin": "https://portal.example.com"]))
        #expect(answer.status == 400)
        #expect(answer.headers["access-control-allow-origin"] == "https://portal.example.com")
    }

    @Test(arguments: ["/_proxy/health", "/_proxy/uploads", "/_proxy/unheard-of", "/graphql", "/../a"])
    func aPreflightIsAnsweredForEveryPath(path: String) async throws {
        let fixture = Self.fixture()
        var headers = Self.preflight
        headers.append("origin", "https://portal.example.com")
        #expect(try await fixture.answer(.example(.options, path, headers: headers)).status == 204)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func anOrdinaryOptionsRequestGoesUpstream() async throws {
        let fixture = Self.fixture()
        #expect(try await fixture.answer(.example(.options, "/a")).status == 200)
        #expect(fixture.transport.requests.map(\.method) == [.options])
    }
}

/// What the listener lets through for a preflight holds no credentials that anybody has looked at.
@Suite struct UnvalidatedOptionsTests {
    private static let origin = ("origin", "https://portal.example.com")
    private static let wanted = ("access-control-request-method", "POST")

    /// Fields of requests that are no preflights, or look like two.
    private static let oddities: [[(String, String)]] = [
        [], [origin], [wanted], [origin, origin, wanted], [origin, wanted, wanted], [("origin", ""), wanted],
        [("origin", "null"), wanted], [("origin", "https://evil.example.net"), wanted],
        [origin, ("access-control-request-method", "")], [origin, ("access_control_request_method", "POST")],
        [("x-http-method-override", "POST"), origin],
    ]

    private static func headers(_ fields: [(String, String)], _ credentials: HTTPHeaders) -> HTTPHeaders {
        var headers = credentials
        for (name, value) in fields { headers.append(name, value) }
        return headers
    }

    private static let paths = [
        "/api/2.0/mlflow/runs/create", "/graphql", "/version", "/_proxy/uploads", "/_proxy/open",
        "/_proxy/health", "/_proxy/parts/0-2/static-files/main.js", "/",
    ]

    @Test(arguments: [
        HTTPHeaders(), ["authorization": "Bearer forged"], ["x-amzn-oidc-data": "a.b.c", "authorization": "Bearer a"],
    ])
    func noneReachesMLflowBehindATokenListener(credentials: HTTPHeaders) async throws {
        for fields in Self.oddities {
            for method in ["OPTIONS", "options", "Options", "OPTIONS "] {
                for path in Self.paths {
                    var fixture = Fixture()
                    fixture.configuration.authentication = .bearerTokenAtLoadBalancer
                    fixture.configuration.allowedOrigins = [WebOrigin("https://portal.example.com")].compactMap(\.self)
                    let answer = try await fixture.answer(
                        .example(
                            HTTPMethod(rawValue: method), path, headers: Self.headers(fields, credentials),
                            body: #"{"experiment_id":"0"}"#))
                    #expect([204, 401, 403, 405].contains(answer.status), "\(method) \(path) \(fields)")
                    #expect(answer.body.isEmpty || !answer.message.isEmpty)
                    #expect(fixture.transport.requests.isEmpty, "\(method) \(path) \(fields)")
                }
            }
        }
    }

    @Test func noneReachesMLflowOrTheKeyServerBehindASignInListener() async throws {
        let fixture = try SignInFixture()
        for fields in Self.oddities {
            for path in Self.paths {
                let headers = Self.headers(fields, ["authorization": "Bearer forged", "x-amzn-oidc-data": "a.b.c"])
                let answer = try await fixture.answer(.example(.options, path, headers: headers, body: "{}"))
                #expect([401, 403, 405].contains(answer.status), "\(path) \(fields)")
            }
        }
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func aPreflightWithABodyAndATokenIsAPreflightAlone() async throws {
        var fixture = Fixture()
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        fixture.configuration.allowedOrigins = [WebOrigin("https://portal.example.com")].compactMap(\.self)
        let headers = Self.headers([Self.origin, Self.wanted], ["authorization": "Bearer forged"])
        let answer = try await fixture.answer(
            .example(.options, "/api/2.0/mlflow/runs/create", headers: headers, body: "{}"))
        #expect(answer.status == 204)
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func whoeverSignedInMayAskForTheOptions() async throws {
        let fixture = try SignInFixture()
        let headers: HTTPHeaders = ["x-amzn-oidc-data": fixture.token()]
        #expect(try await fixture.answer(.example(.options, "/version", headers: headers)).status == 200)
        #expect(fixture.upstream.map(\.method) == [.options])
    }
}
