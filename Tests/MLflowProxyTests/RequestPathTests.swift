import HTTP
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct RequestPathTests {
    /// Ways to write one segment that some reader takes for `..` or `.`.
    private static let dotSegments = [
        "..", ".", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%2e", "%252e%252e", ".%252e", "%252e.", "%25%32%65%2e",
        "%25252e%25252e", "..;", "..;x=1", ".;", "%2e%2e;", "%2e%2e%3b", "..%3bx",
    ]

    /// Places for a segment: raw, between encoded slashes, at the end, below a real path.
    private static let places = [
        "/{}", "/{}/", "/a/{}", "/a/{}/b", "/static-files/{}/x", "/a%2f{}%2fb", "/a%2F{}", "/a%252f{}/b", "/a/%2f{}/b",
        "/{}%2fetc", "/get-artifact/{}%2F{}",
    ]

    static let hostile: [String] =
        places.flatMap { place in dotSegments.map { place.replacing("{}", with: $0) } } + [
            // Not a path at all.
            "", "a", "http://169.254.169.254/", "https://evil.example/", "*", "@evil.example", "?a", "#", ":80/", " /",
            "%2f",
            // Another authority for whoever resolves it.
            "//", "//evil.example", "//evil.example/..", "/%2fevil.example", "/%2Fevil.example", "/%252fevil.example",
            "///a", "/\\evil.example", "\\\\evil.example", "/%5cevil.example", "/%255cevil.example", "/a\\..\\b",
            "/a%5c..%5cb", "/a%5C%2e%2e", "/a%255c..",
            // Bytes that end a request line or hide from a filter.
            "/a b", "/a\tb", "/a\nb", "/a\r\nHost: evil", "/a\u{0}b", "/a\u{7F}b", "/é", "/\u{2025}/", "/a\u{202E}b",
            "/a%00b", "/a%0ab", "/a%0d%0aHost:%20evil", "/a%09b", "/a%1fb", "/a%7fb", "/a%2500b", "/a%250d%250a",
            // Escapes that are none.
            "/%", "/%2", "/a%", "/a%zz", "/a%2g", "/%u002e%u002e/", "/a%%2e", "/%-1", "/a%+2",
            // Not UTF-8: overlong forms of dot and slash, halves of characters.
            "/%c0%ae%c0%ae/", "/%c0%af", "/%e0%80%af", "/%f0%80%80%af", "/%ff", "/%80", "/a%c3", "/%ed%a0%80",
            // Delimiters of other parts of a URL.
            "/a?b", "/a#b", "/a\"b", "/a<b", "/a>b", "/a`b", "/a{b", "/a}b",
            // Encoded without end.
            "/%2525252525252e",
        ]

    @Test func thereAreManyHostilePaths() {
        #expect(Set(Self.hostile).count >= 200)
    }

    @Test(arguments: hostile)
    func aHostilePathIsRefusedAndNothingIsSent(path: String) async throws {
        #expect(throws: ProxyError.self) { try RequestPath.validate(path) }
        let fixture = Fixture()
        let answer = try await fixture.answer(.example(.get, path))
        #expect(answer.status == 400)
        #expect(answer.message.hasPrefix("The path of the request is refused: "))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test(arguments: [
        "/", "/a", "/a/", "/static-files/static/js/main.0a1b2c3d.js", "/ajax-api/2.0/mlflow/runs/search",
        "/api/2.0/mlflow-artifacts/artifacts/0/abc/artifacts/model.pkl", "/a%2Fb", "/a%2fb%2Fc", "/a%20b", "/a+b",
        "/a%2Bb", "/100%25.txt", "/a%2525b", "/caf%C3%A9/%E6%A8%A1%E5%9E%8B%20v1.png", "/...", "/..a", "/a..",
        "/a..b/c",
        "/.hidden", "/a/.hidden/b", "/%2ehidden", "/a//b", "/a/b//", "/@champion", "/a@b:c", "/a;b=c", "/a,b!$&'()*~=",
        "/a[0]", "/a|b", "/a^b", "/models:/name/1", "/-/_/~", "/a%2F%2Fb", "/a:80/",
    ])
    func anOrdinaryPathIsSentByteForByte(path: String) async throws {
        let fixture = Fixture()
        let answer = try await fixture.answer(.example(.get, path))
        #expect(answer.status == 200)
        #expect(fixture.transport.requests.map(\.path) == [path])
    }

    /// Random paths out of tricky pieces: whatever is sent is what was asked, to the one authority, without a dot
    /// segment in any reading.
    @Test func whatIsSentIsWhatWasAsked() async throws {
        var random = SeededGenerator(seed: 5)
        let pieces = [
            "/", ".", "..", "%2e", "%2f", "%25", "a", "b", "%5c", "\\", ";", "%", "@", ":", "%C3%A9", "//", "+",
        ]
        var passed = 0
        for _ in 0..<20_000 {
            let path =
                "/"
                + (0..<Int.random(in: 0...6, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard (try? RequestPath.validate(path)) != nil else { continue }
            passed += 1
            var reading = path
            for _ in 0..<4 {
                #expect(!reading.hasPrefix("//") && !reading.contains("\\"), "\(path)")
                #expect(!reading.split(separator: "/").contains { [".", ".."].contains($0) }, "\(path)")
                reading = String(decoding: PercentEncoding.decode(reading), as: UTF8.self)
            }
        }
        #expect(passed > 2_000)
    }
}
