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
