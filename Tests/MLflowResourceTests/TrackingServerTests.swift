import AWSServices
import JSON
import TestSupport
import Testing

@Suite("A tracking server as a resource of a stack", .timeLimit(.minutes(5)))
struct TrackingServerTests {
    private func made(_ world: World, _ properties: JSONObject = server) async throws -> String {
        let reply = try await world.request("Create", properties)
        return try #require(reply["PhysicalResourceId"]?.string, "\(reply)")
    }

    @Test("takes twenty-five minutes and more than one invocation to make")
    func slowCreation() async throws {
        let world = try World(["creation": 1_500])
        let reply = try await world.request("Create", server.with(["TrackingServerSize": "Medium"]))
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(
            reply["PhysicalResourceId"] == "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team")
        #expect(reply["Data"]?["TrackingServerSize"] == "Medium")
        #expect(reply["Data"]?["IsActive"] == "true")
        #expect(world.handOvers == 1)
        #expect(world.changes() == ["CreateMlflowTrackingServer"])
    }

    @Test("is changed in place")
    func update() async throws {
        let world = try World()
        let arn = try await made(world)
        let reply = try await world.request(
            "Update", server.with(["TrackingServerSize": "Large"]), old: server, id: arn)
        #expect(reply["Data"]?["TrackingServerSize"] == "Large", "\(reply)")
        #expect(world.changes() == ["CreateMlflowTrackingServer", "UpdateMlflowTrackingServer"])
    }

    @Test("that is stopped is started for a change and stopped again")
    func updateWhileStopped() async throws {
        let world = try World()
        let arn = try await made(world)
        _ = try await world.invoke(["action": "stop", "trackingServer": "team"])
        let reply = try await world.request(
            "Update", server.with(["TrackingServerSize": "Large"]), old: server, id: arn)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(reply["Data"]?["Status"] == "Stopped")
        #expect(reply["Data"]?["TrackingServerSize"] == "Large")
        #expect(
            Array(world.changes().suffix(5)) == [
                "AddTags", "StartMlflowTrackingServer", "UpdateMlflowTrackingServer", "StopMlflowTrackingServer",
                "DeleteTags",
            ])
    }

    @Test("cannot be replaced under its own name", arguments: ["RoleArn", "MlflowVersion"])
    func replacementNeedsAName(property: String) async throws {
        let world = try World()
        let old = server.with(["MlflowVersion": "3.0.0"])
        let arn = try await made(world, old)
        let value: JSONValue = property == "RoleArn" ? "arn:aws:iam::123456789012:role/other" : "3.1.0"
        let reply = try await world.request("Update", old.with([property: value]), old: old, id: arn)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("change Name too") == true, "\(reply)")
        // The rollback asks for what there is already.
        let rolledBack = try await world.request("Update", old, old: old.with([property: value]), id: arn)
        #expect(rolledBack["Status"] == "SUCCESS", "\(rolledBack)")
        #expect(world.changes() == ["CreateMlflowTrackingServer"])
    }

    @Test("of a version that SageMaker knows by two numbers and describes with three is made, and rolled back")
    func shortVersion() async throws {
        let world = try World()
        let old = server.with(["MlflowVersion": "3.0"])
        let arn = try await made(world, old)
        #expect(try await world.describe(server: "team")["MlflowVersion"] == "3.0.0")
        let new = old.with(["MlflowVersion": "3.1"])
        #expect(try await world.request("Update", new, old: old, id: arn)["Status"] == "FAILED")
        let rolledBack = try await world.request("Update", old, old: new, id: arn)
        #expect(rolledBack["Status"] == "SUCCESS", "\(rolledBack)")
    }

    @Test(
        "that somebody else made under the name of one that is gone is left alone",
        arguments: [nil, World.stack + "2"] as [String?])
    func anothersOfItsName(stack: String?) async throws {
        let world = try World()
        let arn = try await made(world)
        try await world.service.deleteMLflowTrackingServer(name: "team")
        world.clock.advance(by: .seconds(120))
        _ = try await world.service.createMLflowTrackingServer(
            CreateMLflowTrackingServerInput(
                name: "team", artifactStoreURI: "s3://theirs", roleARN: World.role,
                tags: stack.map { World.tags(requestID: "theirs", stack: $0) } ?? [:]))
        world.clock.advance(by: .seconds(180))
        let before = world.operations.count
        let updated = try await world.request(
            "Update", server.with(["TrackingServerSize": "Large"]), old: server, id: arn)
        #expect(updated["Status"] == "FAILED", "\(updated)")
        #expect(updated["Reason"]?.string?.contains("stack-id = \(World.stack)") == true, "\(updated)")
        #expect(try await world.request("Delete", server, id: arn)["Status"] == "SUCCESS")
        #expect(world.changes(since: before).isEmpty)
    }

    @Test("that somebody starts while it runs for a change alone runs after it")
    func startedMeanwhile() async throws {
        let world = try World()
        let arn = try await made(world)
        _ = try await world.invoke(["action": "stop", "trackingServer": "team"])
        world.before("UpdateMlflowTrackingServer") {
            _ = try await world.invoke(["action": "start", "trackingServer": "team"], isWithin: true)
        }
        let reply = try await world.request(
            "Update", server.with(["TrackingServerSize": "Large"]), old: server, id: arn)
        #expect(reply["Data"]?["Status"] == "Updated", "\(reply)")
    }

    @Test("that somebody stops before the change is changed, and stopped after it")
    func stoppedMeanwhile() async throws {
        let world = try World()
        let arn = try await made(world)
        world.before("UpdateMlflowTrackingServer") {
            try await world.service.stopMLflowTrackingServer(name: "team")
        }
        let reply = try await world.request(
            "Update", server.with(["TrackingServerSize": "Large"]), old: server, id: arn)
        #expect(reply["Data"]?["Status"] == "Stopped", "\(reply)")
        #expect(reply["Data"]?["TrackingServerSize"] == "Large")
    }

    @Test("with another name and role is replaced")
    func replacement() async throws {
        let world = try World()
        let arn = try await made(world)
        let new = server.with(["Name": "other", "RoleArn": "arn:aws:iam::123456789012:role/other"])
        let reply = try await world.request("Update", new, old: server, id: arn)
        #expect(reply["PhysicalResourceId"]?.string?.hasSuffix("/other") == true, "\(reply)")
        #expect(try await world.describe(server: "team")["Status"] == "Created")
    }

    @Test("that turns into an App is replaced by one")
    func anotherKind() async throws {
        let world = try World()
        let arn = try await made(world)
        let reply = try await world.request("Update", app, old: server, id: arn)
        #expect(reply["PhysicalResourceId"]?.string?.contains(":mlflow-app/") == true, "\(reply)")
        #expect(try await world.request("Delete", server, id: arn)["Status"] == "SUCCESS")
        #expect(Array(world.changes().suffix(1)) == ["DeleteMlflowTrackingServer"])
    }

    @Test("whose name is another's is not made")
    func nameTaken() async throws {
        let world = try World()
        _ = try await made(world)
        var event = world.event("Create", server).object ?? [:]
        event["LogicalResourceId"] = "Other"
        _ = try await world.invoke(.object(event))
        #expect(world.replies.last?["Status"] == "FAILED")
        #expect(world.replies.last?["Reason"]?.string?.contains("Choose another Name") == true)
    }

    @Test("is deleted while it starts, as soon as it has")
    func deleteWhileStarting() async throws {
        let world = try World()
        let arn = try await made(world)
        _ = try await world.invoke(["action": "stop", "trackingServer": "team"])
        _ = try await world.request("Delete", server, id: arn)
        #expect(world.replies.last?["Status"] == "SUCCESS")
        #expect(Array(world.changes().suffix(2)) == ["StopMlflowTrackingServer", "DeleteMlflowTrackingServer"])
    }
}
