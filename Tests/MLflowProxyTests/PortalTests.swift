import Compression
import Cryptography
import Encoding
import HTTP
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing

@Suite struct PortalTests {
    private static func page(
        _ headers: HTTPHeaders = [:], _ edit: (inout Fixture) -> Void = { _ in }
    ) async throws -> Answer {
        var fixture = Fixture()
        edit(&fixture)
        let answer = try await fixture.answer(.example(.get, "/_proxy/portal", headers: headers))
        #expect(fixture.transport.requests.isEmpty)
        return answer
    }

    /// The text between two marks, each of which stands once.
    private static func text(of page: String, between start: String, and end: String) throws -> String {
        let parts = page.split(separator: start, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        return String(try #require(parts[1].split(separator: end, omittingEmptySubsequences: false).first))
    }

    @Test func thePolicyAllowsThePagesOwnStyleAndScriptAndNothingElse() async throws {
        let answer = try await Self.page()
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
        let policy = try #require(answer.headers["content-security-policy"])
        let style = try Self.text(of: answer.text, between: "<style>", and: "</style>")
        let script = try Self.text(of: answer.text, between: "<script>", and: "</script>")
        #expect(policy.contains("style-src 'sha256-\(Base64.encode(SHA256.hash(style)))';"))
        #expect(policy.contains("script-src 'sha256-\(Base64.encode(SHA256.hash(script)))';"))
        #expect(policy.hasPrefix("default-src 'none';"))
        #expect(!policy.contains("unsafe") && !policy.contains("*") && !policy.contains("http"))
        #expect(!answer.text.contains("http://") || !answer.text.contains("src=\"http"))
        for attribute in [" style=", " onclick=", " onload=", "src=\"http"] {
            #expect(!answer.text.contains(attribute))
        }
    }

    @Test func thePageSaysWhatItIs() async throws {
        let text = try await Self.page().text
        #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(text.contains("<title>MLflow · team</title>"))
        #expect(text.contains("<iframe id=\"mlflow\" title=\"MLflow\""))
        #expect(text.contains("Skip to MLflow"))
    }

    @Test func onlyTheConfiguredSitesMayFrameIt() async throws {
        let alone = try await Self.page()
        #expect(alone.headers["content-security-policy"]?.hasSuffix("; frame-ancestors 'self'") == true)
        let framed = try await Self.page { fixture in
            fixture.configuration.frameAncestors = [WebOrigin("https://portal.example.com")].compactMap(\.self)
        }
        #expect(
            framed.headers["content-security-policy"]?.hasSuffix("; frame-ancestors 'self' https://portal.example.com")
                == true)
        #expect(!framed.headers.contains("x-frame-options"))
    }

    @Test func whoTakesGzipGetsThat() async throws {
        let plain = try await Self.page()
        let compressed = try await Self.page(["accept-encoding": "gzip, br"])
        #expect(compressed.headers["content-encoding"] == "gzip")
        #expect(try Gzip.decompress(compressed.body, limit: 1 << 20) == plain.body)
        #expect(compressed.body.count < plain.body.count / 2)
        #expect(compressed.headers["etag"] != plain.headers["etag"])
    }

    @Test func aPageThatTheBrowserHasIsNotSentAgain() async throws {
        let first = try await Self.page()
        let tag = try #require(first.headers["etag"])
        let again = try await Self.page(["if-none-match": "\"other\", \(tag)"])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(again.headers["content-security-policy"] == first.headers["content-security-policy"])
        #expect(try await Self.page(["if-none-match": "\"other\""]).status == 200)
    }

    @Test(arguments: [ProxyConfiguration.Access.noDelete, .readOnly])
    func whereTheProxyRefusesSomethingThePageSaysSoAndHasNoWayPastIt(access: ProxyConfiguration.Access) async throws {
        let page = try await Self.page { $0.configuration.access = access }
        #expect(page.text.contains(access == .readOnly ? "Read only" : "No deletion"))
        #expect(!page.text.contains("/_proxy/open"))
        #expect(try await Self.page().text.contains("/_proxy/open"))
    }

    @Test func whoIsNotSignedInDoesNotGetIt() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(.example(.get, "/_proxy/portal")).status == 401)
        let signedIn = ALBTargetRequest.example(
            .get, "/_proxy/portal", headers: ["x-amzn-oidc-data": fixture.token()])
        #expect(try await fixture.answer(signedIn).status == 200)
    }

    @Test func itIsNoPlaceToPostTo() async throws {
        let fixture = Fixture()
        let answer = try await fixture.answer(.example(.post, "/_proxy/portal"))
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "GET, HEAD")
    }
}
