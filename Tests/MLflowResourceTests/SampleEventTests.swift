import Foundation
import JSON
import Testing

/// The sample events, each through the function before a control plane that has what they speak of; and the function's policy.
@Suite("The sample events", .timeLimit(.minutes(5)))
struct SampleEventTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let folder = root.appending(path: "events/mlflow-app")

    private static func read(_ url: URL) throws -> JSONValue {
        try JSONValue(parsing: Array(try Data(contentsOf: url)))
    }

    static let expected: [(name: String, status: String)] = {
        let table = try? read(folder.appending(path: "expected.json"))
        return table?.object?.map { ($0.name, $0.value.string ?? "") } ?? []
    }()

    @Test("are those of the table, all of them")
    func everyEventHasAnExpectedStatus() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".json") && $0 != "expected.json"
        }
        #expect(files.sorted() == Self.expected.map(\.name).sorted())
        #expect(files.count >= 13)
    }

    @Test("are answered as the table says", arguments: expected)
    func anEventIsAnsweredAsExpected(name: String, status: String) async throws {
        let world = try World()
        if !name.hasPrefix("create") {
            let reply = try await world.invokeSample(try Self.read(Self.folder.appending(path: "create-app.json")))
            _ = try await world.invokeSample(try Self.read(Self.folder.appending(path: "create-tracking-server.json")))
            world.appOfSamples = reply["PhysicalResourceId"]?.string
        }
        if name == "start-tracking-server.json" {
            _ = try await world.invoke(["action": "stop", "trackingServer": "team"])
        }
        let before = world.operations.count
        let answer = try await world.invokeSample(try Self.read(Self.folder.appending(path: name)))
        #expect(answer["Status"]?.string == status, "\(answer)")
        let word = String(name.prefix { $0 != "-" })
        let changed = world.changes(since: before).contains { $0.lowercased().hasPrefix(word) }
        #expect(changed == (["create", "update", "delete", "start", "stop"].contains(word) && status == "SUCCESS"))
    }

    @Test("need no more than the policy allows")
    func policy() throws {
        let policy = try Self.read(Self.root.appending(path: "lambda/mlflow-app/policy.json"))
        let statements = try #require(policy["Statement"]?.array)
        for statement in statements {
            let actions = statement["Action"]?.array?.compactMap(\.string) ?? [statement["Action"]?.string ?? ""]
            #expect(actions.allSatisfy { !$0.contains("*") })
            guard statement["Resource"] == "*" else { continue }
            #expect(actions.allSatisfy { $0.hasPrefix("sagemaker:List") }, "\(actions)")
        }
        let passing = try #require(statements.first { $0["Action"] == "iam:PassRole" })
        #expect(passing["Condition"]?["StringEquals"]?["iam:PassedToService"] == "sagemaker.amazonaws.com")
    }
}

extension World {
    /// Invokes the function with a sample. What only CloudFormation knows is filled in, and `app-EXAMPLE12345` is the App of the
    /// other samples.
    ///
    /// - Returns: CloudFormation's answer, or of an action's the answer with the status `SUCCESS`.
    func invokeSample(_ sample: JSONValue) async throws -> JSONValue {
        let placeholder = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-EXAMPLE12345"
        guard var event = sample.object else { return .null }
        for member in ["PhysicalResourceId", "app"] where event[member]?.string == placeholder {
            event[member] = appOfSamples.map(JSONValue.string)
        }
        guard let type = event["RequestType"]?.string else {
            var answer = try await invoke(.object(event)).object ?? [:]
            answer["Status"] = "SUCCESS"
            return .object(answer)
        }
        return try await request(
            type, event["ResourceProperties"]?.object ?? [:], old: event["OldResourceProperties"]?.object,
            id: event["PhysicalResourceId"]?.string)
    }
}
