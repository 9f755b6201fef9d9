import CloudFormation
import Foundation
import HTTP
import JSON
import Lambda
import TestSupport
import Testing
import Timestamps

@testable import VPCCleanup

/// The sample events, each through the function before a fake account; and the function's policy.
@Suite struct SampleEventTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let folder = root.appending(path: "events/vpc-cleanup")

    private static func read(_ url: URL) throws -> JSONValue {
        try JSONValue(parsing: Array(try Data(contentsOf: url)))
    }

    static let expected: [(name: String, status: String)] = {
        let table = try? read(folder.appending(path: "expected.json"))
        return table?.object?.map { ($0.name, $0.value.string ?? "") } ?? []
    }()

    @Test func everyEventHasAnExpectedStatus() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".json") && $0 != "expected.json"
        }
        #expect(files.sorted() == Self.expected.map(\.name).sorted())
        #expect(files.count >= 10)
    }

    @Test(arguments: expected) func anEventIsAnsweredAsExpected(name: String, status: String) async throws {
        var state = FakeWorld.State.empty
        state.addLeftovers(of: "d-0123456789ab")
        state.addGuardDuty()
        state.groups["sg-default"]?.rules = [.init(id: "sgr-1", direction: .ingress)]
        let world = FakeWorld(VirtualTime(), state)
        let clock = world.time.clock
        let transport = StubTransport { _ in HTTPResponse(status: 200) }
        let handler = CustomResourceHandler(
            VPCCleanupResource(world: world), transport: transport, clock: clock,
            now: { Timestamp(secondsSinceEpoch: 1_700_000_000) + clock.now.offset })
        var event = try #require(try Self.read(Self.folder.appending(path: name)).object)
        #expect(event["ResponseURL"] == "<fill in>")
        event["ResponseURL"] = "https://answers.example/x?X-Amz-Signature=1"
        let bytes = JSONValue.object(event).encoded
        _ = try world.time.run { try await handler.handle(bytes, context: LambdaContext(requestID: "1")) }
        guard case .bytes(let body) = try #require(transport.requests.first).body else { return }
        let answer = try JSONValue(parsing: body)
        #expect(answer["Status"]?.string == status, "\(answer)")

        let isRead =
            name.contains("dry-run") || name.hasPrefix("update") || name == "create.json" || name.contains("gone")
        if isRead { #expect(world.now.mutations.isEmpty) }
        if name == "delete-everything.json" { #expect(world.now.isClean(vpc) && world.now.fileSystems.isEmpty) }
        if name == "create-empty-default-group.json" { #expect(world.now.groups["sg-default"]?.rules.isEmpty == true) }
    }

    @Test func thePolicyAllowsNoChangeOfEverything() throws {
        let policy = try Self.read(Self.root.appending(path: "lambda/vpc-cleanup/policy.json"))
        let statements = try #require(policy["Statement"]?.array)
        var allowed: Set<String> = []
        for statement in statements {
            let actions = statement["Action"]?.array?.compactMap(\.string) ?? [statement["Action"]?.string ?? ""]
            allowed.formUnion(actions)
            #expect(actions.allSatisfy { !$0.contains("*") })
            guard statement["Resource"] == "*" else { continue }
            for action in actions {
                let name = action.split(separator: ":").last ?? ""
                #expect(name.hasPrefix("Describe") || name.hasPrefix("List"), "\(action)")
            }
        }
        let deletions = allowed.filter { $0.contains("Delete") || $0.contains("Revoke") }
        #expect(deletions.count == 7)
        for statement in statements where statement["Action"]?.string.map(deletions.contains) == true {
            #expect(statement["Condition"] != nil)
        }
    }
}
