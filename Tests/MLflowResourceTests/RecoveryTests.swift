import AWSServices
import JSON
import TestSupport
import Testing

@Suite("Work that another delivery or a rollback carries on", .timeLimit(.minutes(5)))
struct RecoveryTests {
    private static let otherRole: JSONValue = "arn:aws:iam::123456789012:role/other"
    private let old = app.with(["AccountDefaultStatus": "ENABLED", "DefaultDomainIdList": ["d-abc"]])

    @Test("an update of what somebody else deleted fails with what to do")
    func deletedBySomebody() async throws {
        let world = try World()
        for (properties, change): (JSONObject, (String, JSONValue)) in [
            (app, ("Name", "renamed")), (server, ("TrackingServerSize", "Large")),
        ] {
            let arn = try await world.made(properties)
            #expect(try await world.request("Delete", properties, id: arn)["Status"] == "SUCCESS")
            let before = world.operations.count
            let reply = try await world.request(
                "Update", properties.with([change.0: change.1]), old: properties, id: arn)
            #expect(reply["Status"] == "FAILED")
            #expect(reply["Reason"]?.string?.contains("another logical id") == true, "\(reply)")
            #expect(world.changes(since: before).isEmpty)
        }
    }

    @Test("the rollback of an update that failed brings back what was, whatever the service kept of it")
    func rollbackOfFailedUpdate() async throws {
        for (properties, change): (JSONObject, (String, JSONValue)) in [
            (app, ("Name", "renamed")), (server, ("TrackingServerSize", "Large")),
        ] {
            let world = try World(["failedUpdates": 1])
            let arn = try await world.made(properties)
            let new = properties.with([change.0: change.1])
            #expect(try await world.request("Update", new, old: properties, id: arn)["Status"] == "FAILED")
            let reply = try await world.request("Update", properties, old: new, id: arn)
            #expect(reply["Status"] == "SUCCESS", "\(reply)")
            #expect(reply["PhysicalResourceId"]?.string == arn)
        }
    }

    @Test("a rollback under the old id removes the replacement and restores the defaults")
    func rollbackUnderTheOldID() async throws {
        let world = try World()
        let first = try await world.made(old)
        let new = old.with(["RoleArn": Self.otherRole])
        let second = try #require(
            try await world.request("Update", new, old: old, id: first)["PhysicalResourceId"]?.string)
        let reply = try await world.request("Update", old, old: new, id: first)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(reply["PhysicalResourceId"]?.string == first)
        #expect(reply["Data"]?["AccountDefaultStatus"] == "ENABLED" && reply["Data"]?["DefaultDomainIds"] == "d-abc")
        await #expect(throws: (any Error).self) { _ = try await world.describe(second) }
        // CloudFormation may delete the new one all the same.
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
    }

    @Test("a rollback under the new id comes back to the old one")
    func rollbackUnderTheNewID() async throws {
        let world = try World()
        let first = try await world.made(old)
        let new = old.with(["RoleArn": Self.otherRole])
        let second = try #require(
            try await world.request("Update", new, old: old, id: first)["PhysicalResourceId"]?.string)
        let reply = try await world.request("Update", old, old: new, id: second)
        #expect(reply["PhysicalResourceId"]?.string == first, "\(reply)")
        #expect(reply["Data"]?["AccountDefaultStatus"] == "ENABLED" && reply["Data"]?["DefaultDomainIds"] == "d-abc")
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
        #expect(try await world.describe(first)["AccountDefaultStatus"] == "ENABLED")
    }

    @Test(
        "the defaults are given back although the process that began to died", arguments: [20, 70, 140, 200] as [Int64])
    func interruptedRollback(seconds: Int64) async throws {
        let world = try World()
        let first = try await world.made(old)
        let new = old.with(["RoleArn": Self.otherRole])
        let second = try #require(
            try await world.request("Update", new, old: old, id: first)["PhysicalResourceId"]?.string)
        _ = try await world.invoke(world.event("Delete", new, id: second, requestID: "roll back"), seconds: seconds)
        world.restart()
        #expect(try await world.request("Delete", new, id: second, requestID: "roll back")["Status"] == "SUCCESS")
        let restored = try await world.describe(first)
        #expect(restored["AccountDefaultStatus"] == "ENABLED" && restored["DefaultDomainIds"] == "d-abc")
    }

    @Test("the defaults are given back once, though the process that did it died before it could note that")
    func rollbackInterruptedAtItsNote() async throws {
        let world = try World()
        let first = try await world.made(old)
        let new = old.with(["RoleArn": Self.otherRole])
        let second = try #require(
            try await world.request("Update", new, old: old, id: first)["PhysicalResourceId"]?.string)
        world.before("DeleteTags") { throw CancellationError() }
        #expect(try await world.request("Delete", new, id: second)["Status"] == "FAILED")
        let before = world.operations.count
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
        #expect(world.changes(since: before) == ["DeleteTags", "DeleteMlflowApp"])
    }

    @Test("what is taken over is brought to the properties although the process that began to died")
    func interruptedTakeover() async throws {
        let world = try World()
        let arn = try await world.made(app)
        _ = try await world.request("Delete", app.with(["DeletionPolicy": "Retain"]), id: arn)
        let wanted = app.with(["WeeklyMaintenanceWindowStart": "Wed:04:00", "Tags": [["Key": "a", "Value": "1"]]])
        // Its time is over while the App is still Updating.
        _ = try await world.invoke(world.event("Create", wanted, requestID: "one"), seconds: 40)
        let again = app.with(["WeeklyMaintenanceWindowStart": "Thu:05:00", "Tags": [["Key": "a", "Value": "1"]]])
        world.restart()
        let reply = try await world.request("Create", again, requestID: "one")
        #expect(reply["PhysicalResourceId"]?.string == arn, "\(reply)")
        #expect(world.changes().filter { $0 == "UpdateMlflowApp" }.count == 2)
    }

    @Test("a server that was stopped is stopped again although the process that started it died")
    func stoppedAgain() async throws {
        let world = try World()
        let arn = try await world.made(server)
        _ = try await world.invoke(["action": "stop", "trackingServer": "team"])
        let new = server.with(["TrackingServerSize": "Large"])
        _ = try await world.invoke(world.event("Update", new, old: server, id: arn, requestID: "one"), seconds: 400)
        world.restart()
        let reply = try await world.request("Update", new, old: server, id: arn, requestID: "one")
        #expect(reply["Data"]?["Status"] == "Stopped", "\(reply)")
        #expect(reply["Data"]?["TrackingServerSize"] == "Large")
        #expect(world.changes().filter { $0 == "StartMlflowTrackingServer" }.count == 1)
    }

    @Test("a server whose namesake is being deleted is made when that one is gone")
    func namesakeOnItsWayOut() async throws {
        let world = try World()
        let arn = try await world.made(server)
        _ = try await world.invoke(world.event("Delete", server, id: arn), seconds: 40)
        let reply = try await world.request("Create", server)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(
            world.changes() == [
                "CreateMlflowTrackingServer", "DeleteMlflowTrackingServer", "CreateMlflowTrackingServer",
            ])
    }

    @Test("what could not be deleted before is not taken over")
    func deleteFailedBefore() async throws {
        let world = try World(["failedDeletions": 2])
        let arn = try await world.made(app)
        #expect(try await world.request("Delete", app, id: arn)["Status"] == "FAILED")
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(reply["PhysicalResourceId"]?.string != arn)
    }

    @Test("tags that somebody else put on it stay")
    func tagsOfOthers() async throws {
        let world = try World()
        let old = app.with(["Tags": [["Key": "a", "Value": "1"], ["Key": "b", "Value": "2"]]])
        let arn = try await world.made(old)
        try await world.service.addTags(["cost-centre": "42"], resourceARN: arn)
        let reply = try await world.request("Update", app, old: old, id: arn)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        let left = try await world.service.listTags(resourceARN: arn)
        #expect(left["cost-centre"] == "42" && left["a"] == nil && left["b"] == nil)
        #expect(left.count == 4)
    }

    @Test("an update of the deletion policy alone calls nothing that changes, and the Delete keeps to it")
    func deletionPolicy() async throws {
        let world = try World()
        let arn = try await world.made(app)
        let kept = app.with(["DeletionPolicy": "Retain"])
        #expect(try await world.request("Update", kept, old: app, id: arn)["Status"] == "SUCCESS")
        #expect(try await world.request("Delete", kept, id: arn)["Status"] == "SUCCESS")
        #expect(world.changes() == ["CreateMlflowApp", "AddTags"])
    }

    @Test("the deletion policy is kept to although the properties cannot be read any more")
    func unreadableProperties() async throws {
        let world = try World()
        let arn = try await world.made(app)
        let kept = app.with(["DeletionPolicy": "Retain", "Colour": "red"])
        #expect(try await world.request("Delete", kept, id: arn)["Status"] == "SUCCESS")
        #expect(world.changes() == ["CreateMlflowApp", "AddTags"])
    }

    @Test("what was kept is not what an interrupted Create made, so that its Delete leaves it alone")
    func keptBeforeAnInterruptedCreate() async throws {
        let world = try World()
        let arn = try await world.made(app)
        _ = try await world.request("Delete", app.with(["DeletionPolicy": "Retain"]), id: arn)
        for id in ["CREATE_INTERRUPTED/MLflow/one", "demo-MLflow-1ABCDEFGHIJKL"] {
            #expect(try await world.request("Delete", app, id: id)["Status"] == "SUCCESS")
        }
        #expect(try await world.describe(arn)["Status"] == "Created")
        // Taken over, it is the resource's own again.
        #expect(try await world.made(app) == arn)
        #expect(try await world.request("Delete", app, id: "demo-MLflow-1ABCDEFGHIJKL")["Status"] == "SUCCESS")
        await #expect(throws: (any Error).self) { _ = try await world.describe(arn) }
    }

    @Test("what could not be made is deleted though it was to be kept")
    func nothingToKeep() async throws {
        let world = try World(["failedCreations": 1])
        let kept = app.with(["DeletionPolicy": "Retain"])
        let reply = try await world.request("Create", kept)
        #expect(reply["Status"] == "FAILED")
        let id = try #require(reply["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", kept, id: id)["Status"] == "SUCCESS")
        #expect(world.changes() == ["CreateMlflowApp", "DeleteMlflowApp"])
    }

    @Test(
        "a refusal that speaks of something else that does not exist is told as it is",
        arguments: ["ValidationException", "ResourceNotFound"])
    func refusedForSomethingElse(code: String) async throws {
        let sentence = "The bucket other-artifacts does not exist."
        let refusal: JSONValue = ["count": 1, "code": .string(code), "message": .string(sentence)]
        let world = try World(["failures": ["UpdateMlflowApp": refusal, "UpdateMlflowTrackingServer": refusal]])
        for properties in [app, server] {
            let arn = try await world.made(properties)
            let new = properties.with(["ArtifactStoreUri": "s3://other-artifacts/mlflow"])
            let reply = try await world.request("Update", new, old: properties, id: arn)
            #expect(reply["Status"] == "FAILED")
            #expect(reply["Reason"]?.string?.contains(sentence) == true, "\(reply)")
        }
    }

    @Test("another's App of the same name that goes while it is looked at does not keep this one from being made")
    func namesakeThatGoes() async throws {
        let gone: JSONValue = ["count": 1, "code": "ResourceNotFound", "message": "It does not exist."]
        let world = try World(["failures": ["ListTags": gone, "DescribeMlflowApp": gone]])
        _ = try await world.service.createMLflowApp(
            CreateMLflowAppInput(name: "demo", artifactStoreURI: "s3://artifacts/theirs", roleARN: World.role))
        _ = try await world.made(app)
    }

    @Test("an outage that does not pass is answered in CloudFormation's time, with what it is")
    func outage() async throws {
        let world = try World(["internalErrors": 1])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("We encountered an internal error") == true, "\(reply)")
        #expect(world.elapsed < .seconds(3_600))
    }

    @Test("a storm of five minutes while it is made costs time only")
    func longStorm() async throws {
        let world = try World([
            "failures": ["CreateMlflowApp": ["count": 15, "code": "InternalFailure", "message": "We are sorry."]]
        ])
        _ = try await world.made(app)
        #expect(world.elapsed < .seconds(900))
    }

    @Test("a delivery that comes after the answer that nothing could be made makes nothing", arguments: [app, server])
    func failedBefore(properties: JSONObject) async throws {
        let world = try World(["failedCreations": 1])
        let first = try await world.request("Create", properties, requestID: "one")
        world.restart()
        let second = try await world.request("Create", properties, requestID: "one")
        #expect(first["Status"] == "FAILED" && second["Status"] == "FAILED", "\(second)")
        #expect(first["PhysicalResourceId"] == second["PhysicalResourceId"])
        #expect(world.changes().count == 1, "\(world.changes())")
    }

    @Test("a delivery that comes while what another one made is deleted makes nothing", arguments: [app, server])
    func deletedMeanwhile(properties: JSONObject) async throws {
        let world = try World()
        _ = try await world.invoke(world.event("Create", properties, requestID: "one"), seconds: 40)
        _ = try await world.invoke(world.event("Delete", properties, id: "demo-MLflow-1ABCDEFGHIJKL"), seconds: 200)
        world.restart()
        let reply = try await world.request("Create", properties, requestID: "one")
        #expect(reply["Status"] == "FAILED", "\(reply)")
        #expect(world.changes().map { $0.prefix(6) } == ["Create", "Delete"])
    }

    @Test("a delivery that is refused for what another one made waits until that is listed")
    func listedLate() async throws {
        let world = try World(["listingDelay": 10])
        world.before("CreateMlflowApp") {
            _ = try await world.service.createMLflowApp(
                CreateMLflowAppInput(
                    name: "demo", artifactStoreURI: "s3://artifacts/mlflow", roleARN: World.role,
                    accountDefaultStatus: "ENABLED", tags: World.tags(requestID: "twice")))
        }
        let reply = try await world.request("Create", old, requestID: "twice")
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(try await world.apps() == [try #require(reply["PhysicalResourceId"]?.string)])
    }

    @Test("the Delete of a Create that nobody answered removes all that its deliveries made, over a hand-over too")
    func twinsOfAnInterruptedCreate() async throws {
        let world = try World()
        for _ in 1...2 {
            _ = try await world.service.createMLflowApp(
                CreateMLflowAppInput(
                    name: "demo", artifactStoreURI: "s3://artifacts/mlflow", roleARN: World.role,
                    tags: World.tags(requestID: "twice")))
        }
        let reply = try await world.request("Delete", app, id: "demo-MLflow-1ABCDEFGHIJKL", seconds: 250)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(try await world.apps().isEmpty)
        #expect(world.handOvers > 0)
    }

    @Test(
        "a hand-over that is delivered twice is answered twice the same, and carried out once",
        arguments: ["Create", "Update", "Delete"])
    func handedOverTwice(type: String) async throws {
        let world = try World()
        let first = type == "Create" ? nil : try await world.made(old)
        let new = type == "Update" ? old.with(["RoleArn": Self.otherRole]) : old
        let event = world.event(type, new, old: type == "Update" ? old : nil, id: first)
        _ = try await world.invoke(event, seconds: 60)
        let handOver = try #require(world.lastHandOver)
        let answered = world.replies.count
        world.restart()
        _ = try await world.invoke(handOver)
        world.restart()
        _ = try await world.invoke(handOver)
        let replies = world.replies.dropFirst(answered)
        #expect(replies.count == 2 && replies.allSatisfy { $0["Status"] == "SUCCESS" }, "\(replies)")
        #expect(replies.first?["PhysicalResourceId"] == replies.last?["PhysicalResourceId"])
        #expect(world.changes().filter { $0 == "CreateMlflowApp" }.count == (type == "Update" ? 2 : 1))
        #expect(try await world.apps().count == ["Create": 1, "Update": 2, "Delete": 0][type])
    }

    @Test("two deliveries at once answer for the same App, whichever of them deleted the other's")
    func twins() async throws {
        for othersDelete in [true, false] {
            // Where nobody deletes it, what the first one makes fails.
            let world = try World(othersDelete ? [:] : ["failedCreations": 1])
            _ = try await world.invoke(world.event("Create", app, requestID: "twice"), seconds: 60)
            let own = try #require(try await world.service.listMLflowApps().first)
            let handedOver = try #require(world.lastHandOver)
            let kept = try await world.service.createMLflowApp(
                CreateMLflowAppInput(
                    name: own.name, artifactStoreURI: "s3://artifacts/mlflow", roleARN: World.role,
                    tags: try await world.service.listTags(resourceARN: own.arn)))
            if othersDelete {
                world.clock.advance(by: .seconds(180))
                try await world.service.deleteMLflowApp(arn: own.arn)
            }
            _ = try await world.invoke(handedOver)
            let reply = try #require(world.replies.last)
            #expect(reply["Status"] == "SUCCESS", "\(reply)")
            #expect(reply["PhysicalResourceId"]?.string == kept)
            #expect(try await world.apps() == [kept])
        }
    }
}
