import Foundation
import HTTP
import JSON
import LambdaEvents
import TestSupport
import Testing

@testable import MLflowProxy

/// Every row of the table, read here once more by other means.
struct RouteRow: Sendable, CustomStringConvertible {
    var method: HTTPMethod
    /// The path with something in the place of each parameter.
    var path: String
    var access: String

    var description: String { "\(method) \(path) \(access)" }

    static let all: [RouteRow] = MLflowRoutes.table.split(separator: "\n").flatMap { line in
        let parts = line.split(separator: " ").map(String.init)
        let example = parts[0].replacingOccurrences(of: "{path}", with: "folder/name").replacingOccurrences(
            of: "{}", with: "x1")
        let paths =
            example.contains("|")
            ? ["api", "ajax-api"].map { example.replacingOccurrences(of: "api|ajax-api", with: $0) } : [example]
        return paths.flatMap { path in
            parts.dropFirst().map { entry in
                let pair = entry.split(separator: ":").map(String.init)
                return RouteRow(method: HTTPMethod(rawValue: pair[0]), path: path, access: pair[1])
            }
        }
    }
}

@Suite struct RouteTableTests {
    @Test func theTableIsWholeAndNoRowIsLost() {
        #expect(RouteRow.all.count == MLflowRoutes.count)
        #expect(RouteTable.mlflow.count == MLflowRoutes.count)
        #expect(RouteRow.all.count { $0.access == "read" } >= 200)
        #expect(RouteRow.all.count { $0.access == "write" } >= 200)
        #expect(RouteRow.all.count { $0.access == "delete" } >= 90)
        #expect(RouteRow.all.count { $0.access == "graphql" } == 2)
        #expect(RouteRow.all.allSatisfy { ["read", "write", "delete", "graphql"].contains($0.access) })
    }

    @Test func theDocumentShowsTheTable() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/access.md")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count > 3, cells[1].hasPrefix("`/") else { return nil }
            let access = cells[2].replacingOccurrences(of: "*", with: "").replacingOccurrences(
                of: "by its body", with: "graphql")
            let path = cells[1].replacingOccurrences(of: "`", with: "").replacingOccurrences(
                of: "{api,ajax-api}", with: "api|ajax-api")
            return "\(path) \(cells[0]):\(access)"
        }
        let table = MLflowRoutes.table.split(separator: "\n").flatMap { line in
            let parts = line.split(separator: " ")
            return parts.dropFirst().map { "\(parts[0]) \($0)" }
        }
        #expect(rows == table)
    }

    @Test(arguments: ProxyConfiguration.Access.allCases)
    func everyRouteIsRefusedOrForwardedAsItsRowSays(mode: ProxyConfiguration.Access) async throws {
        var refused = 0
        for row in RouteRow.all where row.access != "graphql" {
            let isAllowed =
                switch mode {
                case .full: true
                case .noDelete: row.access != "delete"
                case .readOnly: row.access == "read"
                }
            var fixture = Fixture()
            fixture.configuration.access = mode
            let answer = try await fixture.answer(.example(row.method, row.path))
            #expect(answer.status == (isAllowed ? 200 : 403), "\(row)")
            #expect(fixture.transport.requests.map(\.path) == (isAllowed ? [row.path] : []), "\(row)")
            if !isAllowed {
                refused += 1
                #expect(answer.json?["error_code"] == "PERMISSION_DENIED")
                #expect(answer.message.hasPrefix("\(row.method) \(row.path) may "), "\(answer.message)")
                #expect(answer.message.hasSuffix("PROXY_ACCESS of this proxy is \(mode.rawValue)."))
            }
        }
        switch mode {
        case .full: #expect(refused == 0)
        case .noDelete: #expect(refused >= 90)
        case .readOnly: #expect(refused >= 300)
        }
    }

    /// Against a mistake in the generator's rules: what these do is common knowledge.
    @Test(arguments: [
        ("GET", "/", RequestAccess.read), ("GET", "/static-files/static/js/main.js", .read), ("GET", "/health", .read),
        ("GET", "/version", .read), ("GET", "/get-artifact", .read), ("HEAD", "/version", .read),
        ("POST", "/api/2.0/mlflow/runs/search", .read), ("POST", "/ajax-api/2.0/mlflow/experiments/search", .read),
        ("GET", "/api/2.0/mlflow/experiments/search", .read), ("POST", "/api/3.0/mlflow/traces/search", .read),
        ("POST", "/api/2.0/mlflow/logged-models/search", .read),
        ("POST", "/api/3.0/mlflow/traces/batchGetInfos", .read),
        ("POST", "/api/2.0/mlflow/registered-models/get-latest-versions", .read),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-download-url", .read),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/1/a b/c.txt", .read),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", .write),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a/c.txt", .write), ("POST", "/v1/traces", .write),
        ("POST", "/api/2.0/mlflow/runs/create", .write), ("POST", "/api/2.0/mlflow/runs/log-batch", .write),
        ("POST", "/api/2.0/mlflow/runs/restore", .write), ("PATCH", "/api/2.0/mlflow/model-versions/update", .write),
        ("POST", "/gateway/openai/v1/chat/completions", .write),
        ("GET", "/ajax-api/3.0/mlflow/assistant/sessions/s/stream", .write),
        ("POST", "/api/2.0/mlflow/runs/delete", .delete), ("POST", "/api/2.0/mlflow/experiments/delete", .delete),
        ("POST", "/api/2.0/mlflow/runs/delete-tag", .delete),
        ("POST", "/api/2.0/mlflow/traces/delete-traces", .delete),
        ("DELETE", "/api/2.0/mlflow/registered-models/delete", .delete),
        ("DELETE", "/api/2.0/mlflow/registered-models/alias", .delete),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/a/c.txt", .delete),
    ])
    func theBestKnownRoutesAreWhatTheyAre(method: String, path: String, access: RequestAccess) {
        #expect(access == AccessPolicy.access(of: .example(HTTPMethod(rawValue: method), path), path: path))
    }

    @Test func ofTwoRoutesTheOneThatDoesMoreDecides() {
        let table = RouteTable("/a/{} POST:read\n/a/{path} POST:delete\n/a/b POST:write\n/{}:run POST:write")
        func rule(_ path: String) -> RouteTable.Rule? {
            table.access(.post, path.split(separator: "/").map { ArraySlice($0.utf8) })
        }
        #expect(rule("a/b") == .fixed(.delete))
        #expect(rule("a/c/d/e") == .fixed(.delete))
        #expect(rule("x:run") == .fixed(.write))
        #expect(rule(":run") == nil)
        #expect(rule("a") == nil)
    }

    @Test(.timeLimit(.minutes(1))) func noPathMakesALookupSlow() {
        let path = "/api/3.0/mlflow/mcp-servers" + String(repeating: "/versions/tags", count: 5_000)
        #expect(AccessPolicy.access(of: .example(.get, path), path: path) == .read)
        #expect(AccessPolicy.access(of: .example(.delete, path), path: path) == .delete)
    }
}
