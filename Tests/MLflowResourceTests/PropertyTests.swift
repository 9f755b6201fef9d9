import JSON
import Testing

@Suite("The properties of Custom::MLflowApp", .timeLimit(.minutes(5)))
struct PropertyTests {
    private static let refusals: [(String, JSONValue)] = [
        ("Name", "-demo"), ("Name", "demo-"), ("Name", "de_mo"), ("Name", ""),
        ("Name", .string(String(repeating: "a", count: 257))), ("ArtifactStoreUri", "ftp://bucket"),
        ("ArtifactStoreUri", "s3:///prefix"), ("RoleArn", "arn:aws:iam::123:role/x"), ("RoleArn", "mlflow"),
        ("WeeklyMaintenanceWindowStart", "TUE:03:30"), ("WeeklyMaintenanceWindowStart", "Tue:24:00"),
        ("ModelRegistrationMode", "Enabled"), ("AccountDefaultStatus", "enabled"),
        ("DefaultDomainIdList", ["domain"]), ("DefaultDomainIdList", "d-abc"), ("Kind", "Server"),
        ("TrackingServerSize", "Small"), ("AutomaticModelRegistration", "true"), ("DeletionPolicy", "Keep"),
        ("Tags", ["a"]), ("Tags", [["Key": "aws:x", "Value": ""]]),
        ("Tags", [["Key": "a", "Value": ""], ["Key": "a", "Value": ""]]), ("ArtifactStoreURI", "s3://x"),
    ]

    @Test("that the service would refuse are refused before any call", arguments: refusals)
    func refused(name: String, value: JSONValue) async throws {
        let world = try World()
        let reply = try await world.request("Create", app.with([name: value]))
        #expect(reply["Status"] == "FAILED")
        #expect(reply["Reason"]?.string?.contains(name) == true, "\(reply)")
        #expect(world.operations.isEmpty)
    }

    @Test("hold no name whose ARN could not be tagged, and so not be deleted")
    func longestServerName() async throws {
        for (length, status) in [(180, "SUCCESS"), (181, "FAILED")] {
            let world = try World()
            let named = server.with(["Name": .string(String(repeating: "a", count: length))])
            let reply = try await world.request("Create", named)
            #expect(reply["Status"]?.string == status, "\(reply)")
            let id = try #require(reply["PhysicalResourceId"]?.string)
            #expect(try await world.request("Delete", named, id: id)["Status"] == "SUCCESS")
        }
    }

    @Test("are reported once each")
    func once() async throws {
        let reply = try await World().request("Create", app.with(["Kind": "Server"]))
        #expect(reply["Reason"] == "The property Kind is \"Server\"; it must be one of App, TrackingServer.")
    }

    @Test("are all reported at once")
    func together() async throws {
        let world = try World()
        let reply = try await world.request("Create", ["Kind": "TrackingServer", "Nmae": "x", "MlflowVersion": "3"])
        let reason = try #require(reply["Reason"]?.string)
        for part in [
            "Name is missing", "ArtifactStoreUri", "RoleArn", "MlflowVersion",
            "\"Nmae\" is not known; did you mean Name?",
        ] {
            #expect(reason.contains(part), "\(reason)")
        }
    }
}
