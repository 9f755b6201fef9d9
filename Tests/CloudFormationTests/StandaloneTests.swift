import CloudFormation
import HTTP
import JSON
import Lambda
import TestSupport
import Testing

/// All another resource needs.
private struct Greeting: CustomResource {
    struct Properties: Sendable, Equatable {
        var name: String
        var language: String
        var isLoud: Bool
    }

    private static let table = ReplacementTable<Properties>([
        .init("Name", .replacement) { $0.name },
        .init("Loud", .inPlace) { $0.isLoud },
        .init("Language", .refusal("a greeting keeps its tongue; make another one.")) { $0.language },
    ])

    func properties(from reader: inout PropertyReader) -> Properties {
        Properties(
            name: reader.requiredString("Name"), language: reader.string("Language") ?? "en",
            isLoud: reader.bool("Loud") ?? false)
    }

    func create(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        ResourceOutcome(
            physicalID: "greeting/\(properties.name)",
            attributes: [.init("Text", "Hello, \(properties.name)" + (properties.isLoud ? "!" : "."))])
    }

    func update(
        _ properties: Properties, from old: Properties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        if let old {
            let plan = Self.table.plan(from: old, to: properties)
            if !plan.refusals.isEmpty { throw Failure(plan.refusals.joined(separator: " ")) }
            #expect(plan.needsReplacement == (old.name != properties.name))
        }
        return try await create(properties, context: context)
    }

    func delete(_ properties: Properties?, context: CustomResourceContext) async throws {}
    func find(_ properties: Properties?, context: CustomResourceContext) async throws -> String? { nil }
}

@Suite(.timeLimit(.minutes(5))) struct StandaloneTests {
    private func reply(to event: JSONValue) async throws -> JSONValue {
        let transport = StubTransport { _ in HTTPResponse(status: 200) }
        let handler = CustomResourceHandler(Greeting(), transport: transport, clock: ManualClock())
        _ = try await handler.handle(event.encoded, context: LambdaContext(requestID: "1"))
        guard case .bytes(let body) = try #require(transport.requests.first).body else { return .null }
        return try JSONValue(parsing: body)
    }

    @Test func anotherResourceNeedsNoMoreThanTheKit() async throws {
        #expect(try await reply(to: event("Create", ["Name": "Ada"]))["Data"] == ["Text": "Hello, Ada."])
        let changed = try await reply(
            to: event("Update", ["Name": "Ada", "Loud": "true"], old: ["Name": "Ada"], id: "greeting/Ada"))
        #expect(changed["Data"] == ["Text": "Hello, Ada!"])
        #expect(changed["PhysicalResourceId"] == "greeting/Ada")
        let replaced = try await reply(
            to: event("Update", ["Name": "Bob"], old: ["Name": "Ada"], id: "greeting/Ada"))
        #expect(replaced["PhysicalResourceId"] == "greeting/Bob")
        #expect(try await reply(to: event("Delete", ["Name": "Ada"], id: "greeting/Ada"))["Status"] == "SUCCESS")
    }

    @Test func aChangeThatCannotBeHadIsRefusedWithItsReason() async throws {
        let reply = try await reply(
            to: event("Update", ["Name": "Ada", "Language": "fr"], old: ["Name": "Ada"], id: "greeting/Ada"))
        #expect(
            reply["Reason"] == "Language cannot be changed: a greeting keeps its tongue; make another one.")
        #expect(reply["PhysicalResourceId"] == "greeting/Ada")
    }
}
