import JSON
import Testing

@Suite("An MLflow App as a resource of a stack", .timeLimit(.minutes(5)))
struct AppTests {
    @Test("is made, waited for and described by its attributes")
    func create() async throws {
        let world = try World()
        let reply = try await world.request(
            "Create",
            app.with([
                "ModelRegistrationMode": "AutoModelRegistrationEnabled", "WeeklyMaintenanceWindowStart": "Tue:03:30",
                "DefaultDomainIdList": ["d-abc", "d-def"], "Tags": [["Key": "team", "Value": "ml"]],
            ]))
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        let arn = try #require(reply["PhysicalResourceId"]?.string)
        #expect(arn.hasPrefix("arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-"))
        let data = try #require(reply["Data"])
        #expect(data["Arn"]?.string == arn && data["TrackingUri"]?.string == arn)
        #expect(data["Status"] == "Created" && data["DefaultDomainIds"] == "d-abc,d-def")
        #expect(data["Endpoint"] == "https://mlflow.sagemaker.us-east-1.app.aws")
        #expect(data["ModelRegistrationMode"] == "AutoModelRegistrationEnabled")
        #expect(world.changes() == ["CreateMlflowApp"])
        #expect(world.elapsed >= .seconds(180) && world.elapsed < .seconds(200))
    }

    @Test("is taken over by a second delivery of a request whose first was lost")
    func lostDelivery() async throws {
        let world = try World()
        // The first delivery is not waited for: its time is over before the App is there, and nobody takes its hand-over.
        _ = try await world.invoke(world.event("Create", app, requestID: "one"), seconds: 60)
        #expect(world.replies.isEmpty)
        world.restart()
        let reply = try await world.request("Create", app, requestID: "one")
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(world.changes() == ["CreateMlflowApp"])
    }

    @Test("is not made twice when the answer to its making was lost")
    func lostAnswer() async throws {
        let world = try World(["lostCreations": 1])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(world.changes() == ["CreateMlflowApp"])
    }

    @Test("is not made when another bears its name")
    func foreignName() async throws {
        let world = try World()
        let first = try await world.request("Create", app)
        #expect(first["Status"] == "SUCCESS")
        var event = world.event("Create", app).object ?? [:]
        event["LogicalResourceId"] = "Other"
        _ = try await world.invoke(.object(event))
        let reply = try #require(world.replies.last)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains(first["PhysicalResourceId"]?.string ?? "?") == true)
        #expect(world.changes() == ["CreateMlflowApp"])
    }

    @Test("that is not there in an invocation's time is waited for in the next ones")
    func slowCreation() async throws {
        let world = try World(["creation": 1_800])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(world.handOvers == 2)
        #expect(world.changes() == ["CreateMlflowApp"])
        #expect(world.elapsed >= .seconds(1_800) && world.elapsed < .seconds(1_840))
    }

    @Test("that takes longer than CloudFormation waits fails in time, and its Delete removes it")
    func tooSlow() async throws {
        let world = try World(["creation": 5_000])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("is Creating") == true, "\(reply)")
        #expect(world.elapsed < .seconds(3_600))
        let id = try #require(reply["PhysicalResourceId"]?.string)
        let deleted = try await world.request("Delete", app, id: id)
        #expect(deleted["Status"] == "SUCCESS", "\(deleted)")
        #expect(world.changes() == ["CreateMlflowApp", "DeleteMlflowApp"])
    }

    @Test("that could not be made fails with the usual causes, and its Delete removes it")
    func createFailed() async throws {
        let world = try World(["failedCreations": 1])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("does not trust sagemaker.amazonaws.com") == true)
        let id = try #require(reply["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", app, id: id)["Status"] == "SUCCESS")
        #expect(try await world.request("Create", app)["Status"] == "SUCCESS")
    }

    @Test("waits for a role that was made a moment ago")
    func newRole() async throws {
        let world = try World([
            "failures": [
                "CreateMlflowApp": [
                    "count": 2, "code": "ValidationException",
                    "message": "SageMaker is unable to perform: sts:AssumeRole on the role",
                ]
            ]
        ])
        #expect(try await world.request("Create", app)["Status"] == "SUCCESS")
        #expect(world.changes() == ["CreateMlflowApp", "CreateMlflowApp", "CreateMlflowApp"])
    }

    @Test("comes through a storm of throttling and internal errors", arguments: [0.3, 0.6])
    func storm(share: Double) async throws {
        let world = try World(["throttling": .number("\(share)"), "internalErrors": 0])
        let reply = try await world.request("Create", app)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        let arn = try #require(reply["PhysicalResourceId"]?.string)
        let deleted = try await world.request("Delete", app, id: arn)
        #expect(deleted["Status"] == "SUCCESS", "\(deleted)")
        #expect(world.replies.count == 2)
    }

    @Test("is changed in place, with only what changed and the registration mode as it was")
    func update() async throws {
        let world = try World()
        let old = app.with(["Tags": [["Key": "a", "Value": "1"], ["Key": "b", "Value": "2"]]])
        let arn = try #require(try await world.request("Create", old)["PhysicalResourceId"]?.string)
        let new = app.with(["Name": "renamed", "Tags": [["Key": "b", "Value": "3"], ["Key": "c", "Value": "4"]]])
        let reply = try await world.request("Update", new, old: old, id: arn)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(reply["PhysicalResourceId"]?.string == arn)
        #expect(reply["Data"]?["Name"] == "renamed")
        #expect(reply["Data"]?["ModelRegistrationMode"] == "AutoModelRegistrationDisabled")
        #expect(world.changes() == ["CreateMlflowApp", "DeleteTags", "AddTags", "UpdateMlflowApp"])
    }

    @Test("is not called for when nothing changed but how the values are written")
    func noOperation() async throws {
        let world = try World()
        let old = app.with(["DefaultDomainIdList": ["d-abc"], "DeletionPolicy": "Delete"])
        let arn = try #require(try await world.request("Create", old)["PhysicalResourceId"]?.string)
        let before = world.operations.count
        let reply = try await world.request(
            "Update", app.with(["DefaultDomainIdList": ["d-abc", "d-abc"]]), old: old, id: arn)
        #expect(reply["Status"] == "SUCCESS")
        #expect(reply["Data"]?["Arn"]?.string == arn)
        #expect(world.changes(since: before).isEmpty)
        #expect(world.operations.count == before + 1)
    }

    @Test("keeps what the properties do not say")
    func unsetFields() async throws {
        let world = try World()
        let old = app.with([
            "WeeklyMaintenanceWindowStart": "Tue:03:30", "ModelRegistrationMode": "AutoModelRegistrationEnabled",
            "DefaultDomainIdList": ["d-abc"],
        ])
        let arn = try #require(try await world.request("Create", old)["PhysicalResourceId"]?.string)
        _ = try await world.request("Update", app.with(["Name": "other"]), old: old, id: arn)
        let now = try await world.describe(arn)
        #expect(now["DefaultDomainIds"] == "d-abc")
        #expect(now["ModelRegistrationMode"] == "AutoModelRegistrationEnabled")
    }

    @Test("with another role is replaced: the defaults move over, and a rollback gives them back")
    func replacementAndRollback() async throws {
        let world = try World()
        let old = app.with(["AccountDefaultStatus": "ENABLED", "DefaultDomainIdList": ["d-abc"]])
        let first = try #require(try await world.request("Create", old)["PhysicalResourceId"]?.string)
        let new = old.with(["RoleArn": "arn:aws:iam::123456789012:role/other"])
        let reply = try await world.request("Update", new, old: old, id: first)
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        let second = try #require(reply["PhysicalResourceId"]?.string)
        #expect(second != first)
        #expect(reply["Data"]?["AccountDefaultStatus"] == "ENABLED")
        #expect(reply["Data"]?["DefaultDomainIds"] == "d-abc")
        #expect(try await world.describe(first)["AccountDefaultStatus"] == "DISABLED")

        // The update of another resource failed: CloudFormation deletes the new one and keeps the old.
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
        let restored = try await world.describe(first)
        #expect(restored["AccountDefaultStatus"] == "ENABLED")
        #expect(restored["DefaultDomainIds"] == "d-abc")
    }

    @Test("that was replaced is deleted without the new one losing anything")
    func replacementAndCleanup() async throws {
        let world = try World()
        let old = app.with(["AccountDefaultStatus": "ENABLED"])
        let first = try #require(try await world.request("Create", old)["PhysicalResourceId"]?.string)
        let new = old.with(["RoleArn": "arn:aws:iam::123456789012:role/other"])
        let second = try #require(
            try await world.request("Update", new, old: old, id: first)["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", old, id: first)["Status"] == "SUCCESS")
        #expect(try await world.describe(second)["AccountDefaultStatus"] == "ENABLED")
        #expect(try await world.request("Delete", new, id: second)["Status"] == "SUCCESS")
    }

    @Test("is deleted once, however often it is asked for")
    func delete() async throws {
        let world = try World()
        let arn = try #require(try await world.request("Create", app)["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", app, id: arn)["Status"] == "SUCCESS")
        let before = world.operations.count
        #expect(try await world.request("Delete", app, id: arn)["Status"] == "SUCCESS")
        #expect(world.changes(since: before).isEmpty)
    }

    @Test("is kept when the policy says so")
    func retain() async throws {
        let world = try World()
        let arn = try #require(try await world.request("Create", app)["PhysicalResourceId"]?.string)
        let reply = try await world.request("Delete", app.with(["DeletionPolicy": "Retain"]), id: arn)
        #expect(reply["Status"] == "SUCCESS")
        #expect(try await world.describe(arn)["Status"] == "Created")
        // The same stack takes it over later.
        let again = try await world.request("Create", app)
        #expect(again["PhysicalResourceId"]?.string == arn, "\(again)")
    }

    @Test("that cannot be deleted at first is tried once more, then fails with what to do")
    func deleteFailed() async throws {
        let world = try World(["failedDeletions": 1])
        let arn = try #require(try await world.request("Create", app)["PhysicalResourceId"]?.string)
        #expect(try await world.request("Delete", app, id: arn)["Status"] == "SUCCESS")

        let worse = try World(["failedDeletions": 2])
        let other = try #require(try await worse.request("Create", app)["PhysicalResourceId"]?.string)
        let reply = try await worse.request("Delete", app, id: other)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("Delete it by hand") == true)
    }

    @Test("of a Create that never answered is found and deleted under the id that CloudFormation makes up")
    func madeUpID() async throws {
        let world = try World()
        _ = try await world.invoke(world.event("Create", app), seconds: 60)
        let reply = try await world.request("Delete", app, id: "demo-MLflow-1ABCDEFGHIJKL")
        #expect(reply["Status"] == "SUCCESS", "\(reply)")
        #expect(world.changes() == ["CreateMlflowApp", "DeleteMlflowApp"])
    }

    @Test("whose update failed says so, and the rollback puts it right")
    func updateFailed() async throws {
        let world = try World(["failedUpdates": 1])
        let arn = try #require(try await world.request("Create", app)["PhysicalResourceId"]?.string)
        let new = app.with(["WeeklyMaintenanceWindowStart": "Wed:04:00"])
        let reply = try await world.request("Update", new, old: app, id: arn)
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains("UpdateFailed") == true)
        #expect(reply["PhysicalResourceId"]?.string == arn)
    }
}
