import Cryptography
import HTTP
import JSON
import LambdaEvents
import Logging
import MLflowProxy
import TestSupport
import Testing
import Timestamps

/// Requests with the load balancer's word for the visitor, and with what only looks like it.
@Suite struct SignInTests {
    @Test(arguments: Forgery.all)
    func aForgedTokenReachesNothing(forgery: Forgery) async throws {
        let fixture = try SignInFixture()
        let headers = forgery.headers(fixture)
        for path in ["/", "/api/2.0/mlflow/runs/search"] {
            let answer = try await fixture.answer(.example(.get, path, headers: headers))
            #expect(answer.status == 401)
            #expect(answer.message == "Sign in first: open MLflow in a browser through its load balancer.")
            #expect(answer.headers["www-authenticate"] == "Cookie realm=\"MLflow\"")
        }
        #expect(fixture.upstream.isEmpty)
        let reason = try #require(fixture.log.records.first)
        #expect(reason.level == .warning && reason.message.contains(forgery.reason), "\(reason.message)")
        #expect(fixture.log.records.last?.metadata["fault"] == "UNAUTHENTICATED")
        #expect(fixture.log.records.last?.metadata["subject"] == nil)
        for value in headers.values("x-amzn-oidc-data") where value.utf8.count > 20 {
            #expect(!fixture.log.text.contains(value))
        }
        // The proxy is none the worse for it.
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
    }

    @Test func thereAreEnoughForgeries() {
        #expect(Forgery.all.count >= 100)
        #expect(Set(Forgery.all.map(\.name)).count == Forgery.all.count)
    }

    @Test(arguments: [true, false])
    func aTokenIsVerifiedWithItsPaddingOrWithout(isPadded: Bool) async throws {
        let fixture = try SignInFixture()
        // Every length modulo three, so that there are parts with no, one and two characters of padding.
        for count in 0..<9 {
            let token = fixture.token {
                $0.isPadded = isPadded
                $0.header["typ"] = .string(String(repeating: "J", count: count % 3))
                $0.payload["name"] = .string(String(repeating: "é", count: count / 3))
            }
            let answer = try await fixture.answer(token: token)
            #expect(answer.status == 200 && answer.text == "mlflow")
        }
        #expect(fixture.upstream.count == 9)
    }

    @Test func theClocksMayBeAMinuteApart() async throws {
        let fixture = try SignInFixture()
        let now = Fixture.now.secondsSinceEpoch
        for (end, status) in [(now + 1, 200), (now, 200), (now - 59, 200), (now - 60, 401), (now - 61, 401)] {
            for value in [JSONValue.integer(end), .string("\(end)")] {
                let token = fixture.token {
                    $0.header["exp"] = value
                    $0.payload["exp"] = value
                }
                #expect(try await fixture.answer(token: token).status == status, "\(end - now) s left")
            }
        }
        let token = fixture.token()
        #expect(try await fixture.answer(token: token).status == 200)
        fixture.advance(by: .seconds(180))
        #expect(try await fixture.answer(token: token).status == 401)
    }

    @Test func clientAndIssuerMatterOnlyWhereTheyAreSet() async throws {
        let fixture = try SignInFixture(client: nil, issuer: nil)
        let token = fixture.token {
            $0.header["client"] = "another"
            $0.header["iss"] = "https://another.example.com"
            $0.payload["iss"] = nil
            $0.payload["exp"] = nil
        }
        #expect(try await fixture.answer(token: token).status == 200)
        let inconsistent = fixture.token { $0.header["iss"] = "https://another.example.com" }
        #expect(try await fixture.answer(token: inconsistent).status == 401)
    }

    @Test func theLogTellsVisitorsApartWithoutNamingThem() async throws {
        let fixture = try SignInFixture()
        _ = try await fixture.answer(token: fixture.token())
        _ = try await fixture.answer(token: fixture.token { $0.payload["email"] = "new@example.com" })
        _ = try await fixture.answer(token: fixture.token { $0.payload["sub"] = "other" })
        let subjects = fixture.log.records.compactMap { $0.metadata["subject"] }
        let expected = Hex.encode(SHA256.hash("\(SignInFixture.issuer)|5e2c3f10")).prefix(16)
        #expect(subjects.count == 3)
        #expect(subjects[0] == expected && subjects[1] == expected && subjects[2] != expected)
        for secret in ["5e2c3f10", "jane", "example.com", "eyJ"] { #expect(!fixture.log.text.contains(secret)) }
    }

    @Test func theVisitorsIdentityStaysHere() async throws {
        let fixture = try SignInFixture()
        let answer = try await fixture.answer(
            .example(headers: [
                "x-amzn-oidc-data": fixture.token(), "x-amzn-oidc-identity": "5e2c3f10",
                "x-amzn-oidc-accesstoken": "ACCESSTOKEN", "cookie": "AWSELBAuthSessionCookie-0=SESSION",
            ]))
        #expect(answer.status == 200)
        let sent = try #require(fixture.upstream.first)
        #expect(!sent.headers.contains { $0.name.lowercased().hasPrefix("x-amzn-oidc") || $0.name == "cookie" })
        let fetch = try #require(fixture.fetches.first)
        #expect(fetch.url == "https://\(SignInFixture.keyHost)/\(SignInFixture.keyID)")
        #expect(fetch.headers.fields.isEmpty)
    }

    @Test func theLoadBalancersChecksNeedNoVisitorAndEverythingElseDoes() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(.example(.get, "/_proxy/health")).status == 200)
        for (path, status) in [("/_proxy/parts/0-2/static-files/main.js", 401), ("/health", 401), ("/graphql", 401)] {
            #expect(try await fixture.answer(.example(.get, path)).status == status, "\(path)")
        }
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func aTokenInASingleValueEventIsVerified() async throws {
        let fixture = try SignInFixture()
        let answer = try await fixture.answer(
            .example(headers: ["x-amzn-oidc-data": fixture.token()], mode: .single))
        #expect(answer.status == 200)
    }
}
