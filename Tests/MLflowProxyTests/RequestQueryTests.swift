import HTTP
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct RequestQueryTests {
    private typealias Item = ALBTargetRequest.QueryItem

    @Test(arguments: [
        ([("a", "1")], "a=1"), ([("a", "")], "a="), ([("", "")], "="), ([("a", "x+y")], "a=x%20y"),
        ([("a", "x%2By")], "a=x%2By"), ([("a", "x%20y")], "a=x%20y"), ([("f", "*'()!~")], "f=%2A%27%28%29%21~"),
        ([("filter", "name+LIKE+'caf%C3%A9%25'")], "filter=name%20LIKE%20%27caf%C3%A9%25%27"),
        ([("a", "%zz%")], "a=%25zz%25"), ([("a", "b=c&d")], "a=b%3Dc%26d"), ([("a%3D", "%2f")], "a%3D=%2F"),
        ([("b", "2"), ("a", "1"), ("b", "1")], "b=2&a=1&b=1"), ([("a", "é")], "a=%C3%A9"),
        ([("path", "plots%2F%E6%9B%B2%E7%B7%9A.png")], "path=plots%2F%E6%9B%B2%E7%B7%9A.png"),
        ([("a", "%ff")], "a=%FF"),
        ([("a[]", "1")], "a%5B%5D=1"), ([("a", "%2500")], "a=%2500"),
    ])
    func theQueryIsEncodedStrictlyOnce(items: [(String, String)], expected: String) throws {
        #expect(try RequestQuery.canonical(items.map { Item(name: $0.0, value: $0.1) }) == expected)
    }

    @Test func withoutParametersThereIsNoQuery() throws {
        #expect(try RequestQuery.canonical([]) == nil)
    }

    @Test(arguments: [
        "X-Amz-Signature", "x-amz-credential", "X%2DAmz%2DAlgorithm", "%58-Amz-Date", "X-AMZ-Security-Token",
    ])
    func aSignatureInTheQueryIsRefused(name: String) async throws {
        let fixture = Fixture()
        let answer = try await fixture.answer(.example(.get, "/", query: [Item(name: name, value: "1")]))
        #expect(answer.status == 400)
        #expect(fixture.transport.requests.isEmpty)
    }

    /// What a server reads out of the query is what it would have read out of the client's.
    @Test func theUpstreamReadsWhatTheClientWrote() throws {
        var random = SeededGenerator(seed: 13)
        let pieces = [
            "a", "Z", "0", "+", "%20", "%2B", "%26", "%3d", "%25", "%", "%C3%A9", "é", "*", "'", "/", "=", "?", "%zz",
            "%f", " ",
        ]
        for _ in 0..<20_000 {
            let items = (0..<Int.random(in: 1...5, using: &random)).map { _ in
                let text = { (random: inout SeededGenerator) in
                    (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                        .joined()
                }
                return Item(name: text(&random), value: text(&random))
            }
            let query = try #require(try RequestQuery.canonical(items))
            let allowed = query.utf8.allSatisfy { PercentEncoding.isUnreserved($0) || "%&=".utf8.contains($0) }
            #expect(allowed)
            let read = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
                pair.split(separator: "=", omittingEmptySubsequences: false).map { PercentEncoding.decode($0) }
            }
            let written = items.map { item in
                [item.name, item.value].map { PercentEncoding.decode($0, plusIsSpace: true) }
            }
            #expect(read == written, "\(items)")
        }
    }
}
