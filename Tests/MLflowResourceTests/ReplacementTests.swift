import JSON
import TestSupport
import Testing
import Timestamps

@testable import AWSServices
@testable import MLflowResource

@Suite("What takes the place of another", .timeLimit(.minutes(5)))
struct ReplacementTests {
    private static let otherRole: JSONValue = "arn:aws:iam::123456789012:role/other"
    private let new = app.with(["RoleArn": Self.otherRole])

    /// An App that somebody made the account's and a domain's default, past the template.
    private func defaultApp(_ world: World) async throws -> String {
        let arn = try await world.made(app)
        try await world.service.updateMLflowApp(
            UpdateMLflowAppInput(
                arn: arn, modelRegistrationMode: "AutoModelRegistrationDisabled", accountDefaultStatus: "ENABLED",
                defaultDomainIDs: ["d-abc"]))
        return arn
    }

    private func isDefault(_ description: JSONValue) -> Bool {
        description["AccountDefaultStatus"] == "ENABLED" && description["DefaultDomainIds"] == "d-abc"
    }

    @Test("is the default of what it was made past the template, and a rollback gives it back")
    func defaultsPastTheTemplate() async throws {
        let world = try World()
        let first = try await defaultApp(world)
        let reply = try await world.request("Update", new, old: app, id: first)
        #expect(isDefault(reply["Data"] ?? .null), "\(reply)")
        let second = try #require(reply["PhysicalResourceId"]?.string)
        #expect(second != first)
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
        #expect(isDefault(try await world.describe(first)))
    }

    @Test("is their default although the process that began died", arguments: [100, 200, 270, 330, 400] as [Int64])
    func defaultsOfAnInterruptedUpdate(seconds: Int64) async throws {
        let world = try World()
        let first = try await defaultApp(world)
        _ = try await world.invoke(world.event("Update", new, old: app, id: first, requestID: "one"), seconds: seconds)
        world.restart()
        let reply = try await world.request("Update", new, old: app, id: first, requestID: "one")
        #expect(isDefault(reply["Data"] ?? .null), "\(reply)")
        #expect(world.changes().filter { $0 == "CreateMlflowApp" }.count == 2)
    }

    @Test("is their default although another delivery takes them first")
    func defaultsTakenMeanwhile() async throws {
        let world = try World()
        let first = try await defaultApp(world)
        _ = try await world.invoke(world.event("Update", new, old: app, id: first, requestID: "one"), seconds: 100)
        // Between this delivery's looks at the old App and at its tags, in whatever order.
        world.before("ListMlflowApps") {
            world.before("ListTags") {
                world.before("ListTags") {
                    world.before("DescribeMlflowApp") { try await Self.takeDefaults(of: first, world) }
                }
            }
        }
        _ = try await world.invoke(try #require(world.lastHandOver))
        let reply = try #require(world.replies.last)
        #expect(isDefault(reply["Data"] ?? .null), "\(reply)")
    }

    @Test("gives them back when it is deleted before it has them")
    func defaultsOfAReplacementThatGoes() async throws {
        let world = try World()
        let first = try await defaultApp(world)
        world.before("UpdateMlflowApp") {
            let second = try #require(try await world.apps().first { $0 != first })
            try await world.service.deleteMLflowApp(arn: second)
            world.clock.advance(by: .seconds(120))
        }
        #expect(try await world.request("Update", new, old: app, id: first)["Status"] == "FAILED")
        #expect(isDefault(try await world.describe(first)))
        #expect(try await world.service.listTags(resourceARN: first).count == 3)
    }

    private static func takeDefaults(of arn: String, _ world: World) async throws {
        guard try await world.service.describeMLflowApp(arn: arn).accountDefaultStatus == "ENABLED" else { return }
        try await world.service.addTags(
            ["sagemaker-mlflow-lambda:handed-over-defaults": "ENABLED d-abc"], resourceARN: arn)
        try await world.service.updateMLflowApp(
            UpdateMLflowAppInput(
                arn: arn, modelRegistrationMode: "AutoModelRegistrationDisabled", accountDefaultStatus: "DISABLED",
                defaultDomainIDs: []))
    }

    @Test(
        "and was kept from before goes back to that with the rollback, and gives the defaults back",
        arguments: [true, false])
    func keptFromBefore(isRolledBackByUpdate: Bool) async throws {
        let world = try World()
        let before = app.with(["AccountDefaultStatus": "ENABLED", "DeletionPolicy": "Retain"])
        let after = before.with(["RoleArn": Self.otherRole])
        let kept = try await world.made(before)
        let current = try #require(
            try await world.request("Update", after, old: before, id: kept)["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", before, id: kept)["Status"] == "SUCCESS")
        let back = try await world.request("Update", before, old: after, id: current)
        #expect(back["PhysicalResourceId"]?.string == kept, "\(back)")
        let reply =
            isRolledBackByUpdate
            ? try await world.request("Update", after, old: before, id: current)
            : try await world.request("Delete", before, id: kept)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(try await world.describe(current)["AccountDefaultStatus"] == "ENABLED")
        #expect(try await world.describe(kept)["AccountDefaultStatus"] == "DISABLED")
        #expect(try await world.service.listTags(resourceARN: kept)["sagemaker-mlflow-lambda:kept"] == "true")
    }

    @Test("is no default that the template does not want")
    func defaultsTheTemplateRefuses() async throws {
        let world = try World()
        let first = try await defaultApp(world)
        let refusing = new.with(["AccountDefaultStatus": "DISABLED", "DefaultDomainIdList": []])
        let reply = try await world.request("Update", refusing, old: app, id: first)
        #expect(reply["Data"]?["AccountDefaultStatus"] == "DISABLED" && reply["Data"]?["DefaultDomainIds"] == "")
        #expect(isDefault(try await world.describe(first)))
    }

    @Test("gives the defaults back though it is kept")
    func defaultsOfAKeptReplacement() async throws {
        let world = try World()
        let first = try await defaultApp(world)
        let kept = new.with(["DeletionPolicy": "Retain"])
        let second = try #require(
            try await world.request("Update", kept, old: app, id: first)["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", kept, id: second)["Status"] == "SUCCESS")
        #expect(isDefault(try await world.describe(first)))
        #expect(try await world.describe(second)["AccountDefaultStatus"] == "DISABLED")
    }

    @Test("of another Kind is found by the retry of an update whose process died, and made once")
    func retriedChangeOfKind() async throws {
        let world = try World()
        let first = try await world.made(app)
        _ = try await world.invoke(world.event("Update", server, old: app, id: first, requestID: "one"), seconds: 60)
        world.restart()
        let reply = try await world.request("Update", server, old: app, id: first, requestID: "one")
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(world.changes() == ["CreateMlflowApp", "CreateMlflowTrackingServer"])
    }

    @Test("of another Kind goes when the update whose process died is rolled back")
    func rolledBackChangeOfKind() async throws {
        for (before, after) in [(app, server), (server, app)] {
            let world = try World()
            let first = try await world.made(before)
            // Nobody knows of what this makes: the answer has the id of before.
            _ = try await world.invoke(world.event("Update", after, old: before, id: first), seconds: 60)
            world.restart()
            let reply = try await world.request("Update", before, old: after, id: first)
            #expect(reply["PhysicalResourceId"]?.string == first, "\(reply)")
            let apps = try await world.apps()
            let servers = try await world.service.listMLflowTrackingServers().map(\.arn)
            #expect(apps + servers == [first])
        }
    }

    @Test("of two that two deliveries made at once, both deliveries keep the same")
    func twins() {
        func twin(_ name: String, _ time: Int64?, _ status: MLflowStatus = .created) -> MLflowApp {
            MLflowApp(
                arn: name, name: "demo", status: status, defaultDomainIDs: [],
                creationTime: time.map(Timestamp.init(secondsSinceEpoch:)))
        }
        let older = twin("b", 10)
        let younger = twin("a", 11)
        let atOnce = twin("c", 10)
        let unknown = twin("A", nil)
        let failed = twin("d", 9, .createFailed)
        #expect(MLflowLife.kept(of: [older, younger]) == older)
        #expect(MLflowLife.kept(of: [younger, older]) == older)
        #expect(MLflowLife.kept(of: [atOnce, older]) == older)
        #expect(MLflowLife.kept(of: [unknown, younger, atOnce]) == atOnce)
        #expect(MLflowLife.kept(of: [unknown, twin("B", nil)]) == unknown)
        #expect(MLflowLife.kept(of: [failed, younger]) == younger)
        #expect(MLflowLife.kept(of: [twin("e", 10, .createFailed), failed]) == failed)
        #expect(MLflowLife.kept(of: []) == nil)
    }
}
