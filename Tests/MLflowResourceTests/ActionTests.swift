import JSON
import Testing

@Suite("Actions of schedules and people", .timeLimit(.minutes(5)))
struct ActionTests {
    private func world() async throws -> World {
        let world = try World()
        _ = try await world.request("Create", server)
        return world
    }

    private let stop: JSONValue = ["action": "stop", "trackingServer": "team"]
    private let start: JSONValue = ["action": "start", "trackingServer": "team"]

    @Test("stop and start a tracking server, and change nothing when it is so already")
    func idempotent() async throws {
        let world = try await world()
        #expect(
            try await world.invoke(stop) == [
                "trackingServer": "team", "action": "stop", "before": "Created", "after": "Stopping", "changed": true,
            ])
        #expect(try await world.invoke(stop)["changed"] == false)
        #expect(try await world.invoke(start)["before"] == "Stopping")
        #expect(try await world.invoke(start)["changed"] == false)
        #expect(
            world.changes() == [
                "CreateMlflowTrackingServer", "StopMlflowTrackingServer", "StartMlflowTrackingServer",
            ])
    }

    @Test("wait for what is under way: a stop while it starts comes after the start")
    func stopWhileStarting() async throws {
        let world = try await world()
        _ = try await world.invoke(stop)
        let started = try await world.invoke(start)
        #expect(started["changed"] == true)
        let stopped = try await world.invoke(stop)
        #expect(stopped["before"] == "Starting" && stopped["changed"] == true)
        #expect(try await world.describe(server: "team")["Status"] == "Stopping")
    }

    @Test("that would outlast the function say that they have to be asked for again")
    func outOfTime() async throws {
        let world = try await world()
        _ = try await world.invoke(stop)
        let error = try #require(
            await #expect(throws: (any Error).self) { _ = try await world.invoke(start, seconds: 60) })
        #expect("\(error)".contains("asked for again"))
    }

    @Test("that can never succeed say so soon")
    func impossible() async throws {
        let world = try World(["failedCreations": 1])
        _ = try await world.request("Create", server)
        let before = world.elapsed
        await #expect(throws: (any Error).self) { _ = try await world.invoke(start) }
        #expect(world.elapsed - before < .seconds(120))
    }

    @Test("come as the detail of an event of EventBridge too")
    func eventBridge() async throws {
        let world = try await world()
        let answer = try await world.invoke(["source": "aws.scheduler", "detail": stop])
        #expect(answer["changed"] == true)
    }

    @Test("give a presigned URL of both kinds")
    func presign() async throws {
        let world = try await world()
        let reply = try await world.request("Create", app)
        for subject: JSONValue in [
            ["action": "presign", "trackingServer": "team"],
            ["action": "presign", "app": reply["PhysicalResourceId"] ?? .null],
        ] {
            let url = try #require(try await world.invoke(subject)["url"]?.string)
            #expect(url.hasPrefix("http://sagemaker.test/auth?authToken="))
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var event: JSONValue
        var part: String

        init(_ event: JSONValue, _ part: String) {
            self.event = event
            self.part = part
        }

        var testDescription: String { String(decoding: event.encoded, as: UTF8.self) }
    }

    static let refusals: [Refusal] = [
        Refusal(["action": "restart", "trackingServer": "team"], "start, stop, describe, presign"),
        Refusal(["action": "stop"], "Either trackingServer"),
        Refusal(["action": "stop", "trackingServer": "-x"], "trackingServer must be a name"),
        Refusal(
            ["action": "stop", "app": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-1"],
            "cannot be started"),
        Refusal(["action": "stop", "trackingserver": "team"], "\"trackingserver\" is not known"),
        Refusal(["action": "describe", "trackingServer": "nobody"], "There is no tracking server nobody"),
    ]

    @Test("that are wrong are refused with all that is wrong", arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        let world = try World()
        let error = try #require(
            await #expect(throws: (any Error).self) { _ = try await world.invoke(refusal.event) })
        #expect("\(error)".contains(refusal.part), "\(error)")
        #expect(world.changes().isEmpty)
    }
}
