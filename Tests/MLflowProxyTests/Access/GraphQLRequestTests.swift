import HTTP
import JSON
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct GraphQLRequestTests {
    private static func access(_ query: String, operationName: JSONValue? = nil) -> RequestAccess {
        var object = JSONObject()
        object["query"] = .string(query)
        object["operationName"] = operationName
        return access(body: JSONValue.object(object).encoded)
    }

    private static func access(body: [UInt8], query: [ALBTargetRequest.QueryItem] = []) -> RequestAccess {
        var request = ALBTargetRequest.example(.post, "/graphql", query: query)
        request.body = body
        return AccessPolicy.access(of: request, path: "/graphql")
    }

    @Test(arguments: [
        "{ test(inputString: \"a\") { output } }", "query { a }", "query A { a }",
        "query A($a: [Int!]! = [1, -2.5e+3]) { a }",
        "query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) { runs { info { runName } } } }",
        "query A($a: In = {b: {c: \"}\"}}) @x(y: {z: 1}) @w { a }", "{ mutation }", "query mutation { a }",
        "{ mutation: subscription { delete } }", "query A { a ...F } fragment F on mutation @b { mutation }",
        "{ a(b: \"mutation { x }\") }", "{ a(b: \"\\\"} mutation { x }\") }", "# mutation { x }\n{ a }",
        "{ a(b: \"\"\"\" } mutation { x \\\"\"\" } mutation { \"\"\") }", "\u{FEFF}{ a }", "{ a(b: \"\\u007D\") }",
        ",,{,a,},,", "{ a # } mutation {\n }", "{\ta\r\n}", "{ a(b: \"\") }", "{ a(b: \"\"\"\"\"\") c }",
        "query A{a}fragment F on B{c}", "{ a(b: \"é—日\") }", "{ ...on B { c } ... @include(if: true) { d } }",
    ])
    func aQueryReads(query: String) {
        #expect(Self.access(query) == .read)
    }

    @Test(arguments: [
        "mutation { a }", "mutation A { a }", "mutation A($a: Int = 1) @b(c: {d: 1}) { a }", "mutation{a}",
        "subscription { a }", "subscription A { a }", " \t\r\n,mutation{a}", "\u{FEFF}mutation{a}",
        "\u{FEFF}\u{FEFF},mutation { a }", "# query {\nmutation { a }", "# query {\rmutation { a }",
        "#\nmutation#\n{#\na#\n}", "{ a } mutation { b }", "mutation { b } { a }", "query A { a } mutation B { b }",
        "query A { a } subscription B { b }", "fragment F on B { c } mutation { ...F }",
        "{ a(b: \"}\") } mutation { c }", "{ a(b: \"\\\"\") } mutation { c }", "{ a(b: \"\\\\\") } mutation { c }",
        "{ a(b: \"\"\"x\"\"\") } mutation { c }", "{ a(b: \"\"\"\\\"\"\" \"\"\") } mutation { c }",
        "{ a(b: \"\\u0022\") } mutation { c }", "{ a(b: \"\") } mutation { c }",
        "{ a(b: \"\"\"\"\"\") } mutation { c }", "{ a(b: \"#\") } mutation { c }", "{ a(b: 1)}mutation{ c }",
        "{ a } # x\u{FEFF}\nmutation { b }", "{ a }\u{FEFF}mutation{ b }", "{ a },mutation{ b }",
        "{ a(b: \"\"\"\n# \"\"\") } mutation { c }", "{a(b:[{c:\"]\"}])}mutation{d}",
        "query A($a: In = {b: \"{\"}) { a } mutation B { b }", "query A { a } query B { b } mutation C { c }",
        "query A { a } query B { b }", "{ a } { b }", "{ a } query B { b }",
        "mutation { query { a } }", "mutation query { a }", "mutation { a } # query", "mutation @query { a }",
        "{ a(b: \"\"\"\\\"\"\"\"\"\") } mutation { c }",
    ])
    func aMutationIsSeenWhereverItHides(query: String) {
        #expect(Self.access(query) == .write)
        #expect(Self.access(query, operationName: "A") >= .write || query == "query A { a } query B { b }")
    }

    @Test(arguments: [
        "", " ", "# { a }", "query", "query A", "{", "}", "{ a", "{ a }}", "{ a )", "query ( { a }", "query A B { a }",
        "schema { query: Q }", "type A { b: C }", "extend type A { b: C }", "\"text\" query { a }", "1 { a }",
        "{ a(b: \"x) }", "{ a(b: \"x\n\") }", "{ a(b: \"\"\"\\\"\"\") } mutation { c }", "{ a(b: \"\"\"x) }",
        "{ a(b: \"\\x\") }", "{ a(b: 1c) }", "{ a(b: 01) }",
        "{ a(b: 1.) }", "{ a .. b }", "{ a .... b }", "{ a } ;", "{ a } \u{A0}", "{ a }\u{0}", "{ a } \u{2028} { b }",
        "# x\u{2028}mutation { a }\n{ a }", "# x\u{85}mutation { a }\n{ a }", "# x\u{B}\n{ a }", "MUTATION { a }",
        "Query { a }", "m\u{75}tati\u{43E}n { a }", "fragment on on B { a }", "fragment F B { a }", "query @ { a }",
        "query A { a } fragment F on B", "{ a(b: '}') }", "{ a ` }", "{ a % b }", "\\u007B a }", "{ a \\ }",
    ])
    func aDocumentThatCannotBeReadIsRefusedInBothModes(query: String) {
        #expect(Self.access(query) == .delete)
    }

    @Test(arguments: [
        "", " ", "null", "[]", "\"{ a }\"", "1", "{}", "{\"query\":null}", "{\"query\":[\"{ a }\"]}", "{ a }",
        "[{\"query\":\"{ a }\"}]", "[{\"query\":\"mutation { a }\"}]", "{\"query\":\"{ a }\",\"query\":\"{ b }\"}",
        "{\"query\":\"mutation { a }\",\"query\":\"{ b }\"}", "{\"query\":\"{ a }\",\"qu\\u0065ry\":\"{ b }\"}",
        "{\"query\":\"{ a }\",\"operationName\":\"A\",\"operationName\":null}", "{\"query\":\"{ a }\"} x",
        "{\"query\":\"{ a }\"}{\"query\":\"mutation { a }\"}", "{\"Query\":\"{ a }\"}", "query=%7B+a+%7D",
        "{\"query\":\"{ a }\",}", "{'query':'{ a }'}", "\u{FEFF}{\"query\":\"mutation { a }\"}",
        "{\"query\":\"{ a \\ud800 }\"}", "{\"query\":\"{ a }\",\"variables\":NaN}", "{\"id\":\"persisted\"}",
    ])
    func aBodyThatIsNotOneOperationIsRefusedInBothModes(body: String) {
        #expect(Self.access(body: Array(body.utf8)) == .delete)
    }

    @Test func jsonEscapesHideNothing() {
        let body = #"{"\u0071uery":"\u006dutation \u007b a \u007d"}"#
        #expect(Self.access(body: Array(body.utf8)) == .write)
        let comment = ##"{"query":"# \u000a mutation { a }"}"##
        #expect(Self.access(body: Array(comment.utf8)) == .write)
    }

    @Test func otherEncodingsOfTheBodyAreNotRead() {
        let text = #"{"query":"mutation { a }"}"#
        let wide = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        #expect(Self.access(body: wide) == .delete)
        #expect(Self.access(body: [0xFF, 0xFE] + wide) == .delete)
        #expect(Self.access(body: Array(text.utf8) + [0xFF]) == .delete)
    }

    @Test func theNameSelectsAmongQueries() {
        let two = "query A { a } query B { b }"
        #expect(Self.access(two, operationName: "A") == .read)
        #expect(Self.access(two, operationName: "B") == .read)
        #expect(Self.access(two, operationName: .null) == .write)
        #expect(Self.access(two) == .write)
        #expect(Self.access(two, operationName: "C") == .write)
        #expect(Self.access(two, operationName: "") == .write)
        #expect(Self.access(two, operationName: 1) == .write)
        #expect(Self.access("query A { a } query A { b }", operationName: "A") == .write)
        #expect(Self.access("query A { a }", operationName: "A") == .read)
        #expect(Self.access("{ a }", operationName: "A") == .write)
    }

    @Test func aMutationThatSoundsOfDeletingIsADelete() {
        #expect(Self.access("mutation { createRun { id } }") == .write)
        #expect(Self.access("mutation { deleteRun { id } }") == .delete)
        #expect(Self.access("mutation { a: RemoveTag { id } }") == .delete)
        #expect(Self.access("mutation { ...F } fragment F on M { purgeAll }") == .delete)
        #expect(Self.access("mutation { a(b: \"delete\") }") == .write)
    }

    @Test func theQuerysParametersCountToo() {
        let query: [UInt8] = Array(#"{"query":"{ a }"}"#.utf8)
        #expect(Self.access(body: query, query: [.init(name: "other", value: "mutation")]) == .read)
        #expect(Self.access(body: query, query: [.init(name: "query", value: "mutation+%7Ba%7D")]) == .write)
        #expect(Self.access(body: query, query: [.init(name: "%71uery", value: "mutation+%7Ba%7D")]) == .write)
        #expect(Self.access(body: query, query: [.init(name: "operationName", value: "B")]) == .delete)
        #expect(Self.access(body: [], query: [.init(name: "query", value: "%7B+a+%7D")]) == .read)
        let two = [ALBTargetRequest.QueryItem(name: "query", value: "%7Ba%7D"), .init(name: "query", value: "%7Ba%7D")]
        #expect(Self.access(body: [], query: two) == .delete)
    }

    @Test func aGetIsLookedAtInTheSameWay() {
        let mutation = ALBTargetRequest.example(.get, "/graphql", body: #"{"query":"mutation { a }"}"#)
        #expect(AccessPolicy.access(of: mutation, path: "/graphql") == .write)
        let query = ALBTargetRequest.example(.get, "/graphql", body: #"{"query":"{ a }"}"#)
        #expect(AccessPolicy.access(of: query, path: "/graphql") == .read)
        #expect(AccessPolicy.access(of: .example(.get, "/graphql"), path: "/graphql") == .delete)
        #expect(AccessPolicy.access(of: .example(.put, "/graphql", body: "{}"), path: "/graphql") == .delete)
    }

    @Test(.timeLimit(.minutes(1))) func deepAndLongDocumentsAreRead() {
        let depth = 20_000
        let deep = String(repeating: "{a", count: depth) + String(repeating: "}", count: depth)
        #expect(Self.access(deep) == .read)
        #expect(Self.access(deep + "mutation{a}") == .write)
        #expect(Self.access(String(repeating: "{a", count: depth)) == .delete)
    }

    @Test func mutationsDoNotReachMLflowAndQueriesDo() async throws {
        var fixture = Fixture()
        fixture.configuration.access = .readOnly
        let mutation = #"{"operationName":"A","query":"query A { a } mutation B { testMutation { output } }"}"#
        #expect(try await fixture.answer(.example(.post, "/graphql", body: mutation)).status == 403)
        #expect(fixture.transport.requests.isEmpty)
        #expect(try await fixture.answer(.example(.post, "/graphql", body: #"{"query":"{ a }"}"#)).status == 200)
        #expect(fixture.transport.requests.count == 1)
    }
}
