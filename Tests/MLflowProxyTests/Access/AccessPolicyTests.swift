import HTTP
import JSON
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct AccessPolicyTests {
    private static func access(_ method: HTTPMethod, _ path: String) -> RequestAccess {
        AccessPolicy.access(of: .example(method, path), path: path)
    }

    @Test(arguments: [
        "/api/2.0/mlflow/runs/%64elete", "/api/2.0/mlflow/runs/%44elete", "/api/2.0/mlflow/runs/%2564elete",
        "/api/2.0/mlflow/runs/%252564elete", "/api/2.0/mlflow/runs%2Fdelete", "/api/2.0/mlflow/runs%252Fdelete",
        "/api/2.0/mlflow/runs/delete/", "/api/2.0/mlflow//runs/delete", "/api/2.0/mlflow/runs/delete%2F",
        "/api/2.0/mlflow/runs/DELETE", "/API/2.0/MLFLOW/RUNS/DELETE", "/api/2.0/mlflow/runs/delete;x=1",
        "/api/2.0/mlflow/runs/delete%00", "/api/2.0/mlflow/runs/delete%20", "/api/2.0/mlflow/runs/delete.json",
        "/api/2.0/mlflow/runs/search/../delete", "/x/api/2.0/mlflow/runs/delete", "/%2Fapi/2.0/mlflow/runs/delete",
        "/api/9.0/mlflow/runs/delete", "/api/2.0/mlflow/unheard-of/purge", "/api/2.0/mlflow/runs/d%65l%65t%65",
        "/%61%70%69/2.0/mlflow/runs/delete-tag", "/api/2.0/mlflow/runs/%25252525252564elete", "runs/search", "",
        "//graphql", "/graphql/", "/ajax-api/2.0/mlflow/GraphQL",
    ])
    func aDeleteThatIsWrittenOddlyIsADelete(path: String) {
        #expect(Self.access(.post, path) == .delete)
    }

    @Test(arguments: [
        "/api/2.0/mlflow/runs/search/", "/api/2.0/mlflow//runs/search", "/api/2.0/mlflow/runs/Search",
        "/Api/2.0/mlflow/runs/search", "/api/2.0/mlflow/runs/search%2F", "/api/2.0/mlflow/runs/search;a",
        "/api/2.0/mlflow/runs/search/x", "/api/2.0/mlflow/runs/searc", "/api/2.0/mlflow/runs/search%20", "/", "/x",
        "/api/2.0/mlflow/runs/get", "/health", "/static-files/a.js", "/api/2.0/mlflow/runs/%73earch/create",
    ])
    func aPostThatNoRouteReadsIsAWrite(path: String) {
        #expect(Self.access(.post, path) == .write)
    }

    @Test(arguments: [
        "/favicon.ico", "/metrics", "/api/2.0/mlflow/runs/create", "/api/4.0/mlflow/runs/get", "/Health", "/health/",
        "/static-files/", "/static-files", "//", "/api/2.0/mlflow-artifacts/artifacts/a//b", "/build",
    ])
    func aGetThatNoRouteHasIsAWrite(path: String) {
        #expect(Self.access(.get, path) == .write)
        #expect(Self.access(.head, path) == .write)
        #expect(Self.access(.options, path) == .write)
    }

    @Test(arguments: [
        "/api/2.0/mlflow-artifacts/artifacts/1/100%25.txt", "/api/2.0/mlflow-artifacts/artifacts/1/a%2Fb.txt",
        "/api/2.0/mlflow-artifacts/artifacts/1/100%2525.txt", "/api/2.0/mlflow-artifacts/artifacts/1/delete/x.txt",
        "/api/2.0/mlflow-artifacts/artifacts/1/caf%C3%A9+%28a%29.txt", "/api/3.0/mlflow/skills/%40org/name",
        "/api/2.0/mlflow/traces/tr-delete/info", "/api/3.0/mlflow/mcp-servers/io.example%2Fserver/versions/1.0",
    ])
    func namesMayHoldWhatTheyLike(path: String) {
        #expect(Self.access(.get, path) == .read)
        #expect(Self.access(.head, path) == .read)
        #expect(Self.access(.options, path) == .read)
    }

    @Test(arguments: ["TRACE", "CONNECT", "PURGE", "post", "get", "Delete", "", "LINK"])
    func aMethodThatIsNotKnownIsAWrite(method: String) {
        #expect(Self.access(HTTPMethod(rawValue: method), "/api/2.0/mlflow/runs/search") == .write)
    }

    @Test func deleteIsADeleteWhateverThePath() {
        for path in ["/", "/health", "/unheard/of", "/api/2.0/mlflow/runs/search", "/graphql"] {
            #expect(Self.access(.delete, path) == .delete)
        }
    }

    @Test(arguments: [
        "x-http-method-override", "x-http-method", "x-method-override", "x_http_method_override",
    ])
    func aHeaderChangesNoMethod(name: String) async throws {
        var fixture = Fixture()
        fixture.configuration.access = .readOnly
        let path = "/api/2.0/mlflow/logged-models/m-1"
        let refused = ALBTargetRequest.example(.delete, path, headers: [name: "GET"])
        #expect(try await fixture.answer(refused).status == 403)
        #expect(fixture.transport.requests.isEmpty)
        let allowed = ALBTargetRequest.example(
            .get, path, query: [.init(name: "_method", value: "DELETE")], headers: [name: "DELETE"])
        #expect(try await fixture.answer(allowed).status == 200)
        #expect(fixture.transport.requests.map(\.method) == [.get])
        #expect(fixture.transport.requests.first?.headers.contains(name) == false)
    }

    @Test func aRefusalIsInTheLogWithItsFault() async throws {
        var fixture = Fixture()
        fixture.configuration.access = .readOnly
        _ = try await fixture.answer(.example(.post, "/api/2.0/mlflow/runs/create", body: "{}"))
        let record = try #require(fixture.log.records.first { $0.message == "request" })
        #expect(record.metadata["fault"] == "PERMISSION_DENIED")
        #expect(record.metadata["status"] == "403")
        #expect(record.metadata["UpstreamLatency"] == nil)
    }

    @Test func whoeverIsNotKnownLearnsNothingOfTheAccess() async throws {
        var fixture = Fixture()
        fixture.configuration.access = .readOnly
        fixture.configuration.authentication = .bearerTokenAtLoadBalancer
        #expect(try await fixture.answer(.example(.post, "/api/2.0/mlflow/runs/create")).status == 401)
    }

    @Test func theProxysOwnRoutesStayOpen() async throws {
        var fixture = Fixture(answering: HTTPResponse(status: 200, body: Array("var a = 1;".utf8)))
        fixture.configuration.access = .readOnly
        #expect(try await fixture.answer(.example(.get, "/_proxy/health")).status == 200)
        #expect(try await fixture.answer(.example(.get, "/_proxy/parts/0-2/static-files/main.js")).status == 200)
        #expect(try await fixture.answer(.example(.get, "/_proxy/parts/0-2/unheard-of.js")).status == 403)
        #expect(fixture.transport.requests.map(\.path) == ["/static-files/main.js"])
    }

    @Test func withoutASettingNothingIsRefused() async throws {
        let fixture = Fixture()
        #expect(try await fixture.answer(.example(.delete, "/unheard/of")).status == 200)
        #expect(try await fixture.answer(.example(.post, "/graphql", body: "mutation")).status == 200)
    }
}
