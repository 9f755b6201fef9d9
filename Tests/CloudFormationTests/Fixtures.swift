import CloudFormation
import HTTP
import JSON
import Lambda
import Synchronization
import TestSupport
import Timestamps

let token = "arn:aws:lambda:us-east-1:123456789012:function:cr"
let stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1f0e"
let responsePath = "/arn%3Aaws%3Acloudformation%3Aus-east-1%3A123456789012%3Astack/demo/1f0e%7CApp%7C9c1b"
let responseQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=7200&X-Amz-Signature=ab12cd34"
let responseURL = "https://answers.s3.amazonaws.com\(responsePath)?\(responseQuery)"

/// A request as CloudFormation sends it; a member set to nil is left out.
func event(
    _ type: String, _ properties: JSONValue = ["Name": "demo"], old: JSONValue? = nil, id: String? = nil,
    changing changes: [String: JSONValue?] = [:]
) -> JSONValue {
    var members = JSONObject([
        .init(name: "RequestType", value: .string(type)), .init(name: "ServiceToken", value: .string(token)),
        .init(name: "ResponseURL", value: .string(responseURL)), .init(name: "StackId", value: .string(stack)),
        .init(name: "RequestId", value: "9c1b"), .init(name: "LogicalResourceId", value: "App"),
        .init(name: "ResourceType", value: "Custom::Shelf"),
    ])
    var properties = properties.object ?? JSONObject()
    properties["ServiceToken"] = .string(token)
    members["ResourceProperties"] = .object(properties)
    members["OldResourceProperties"] = old
    members["PhysicalResourceId"] = id.map(JSONValue.string)
    for (name, value) in changes { members[name] = value }
    return .object(members)
}

/// Something a request of this kit failed with.
struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A resource whose behaviour a test writes, and that keeps what it was asked.
struct Shelf: CustomResource {
    struct Properties: Sendable, Equatable {
        var name: String
        var size: Int
    }

    typealias Make = @Sendable (Properties, CustomResourceContext) async throws -> ResourceOutcome

    final class Calls: Sendable {
        let all = Mutex<[String]>([])
        func append(_ call: String) { all.withLock { $0.append(call) } }
    }

    var calls = Calls()
    var make: Make = { properties, _ in
        ResourceOutcome(physicalID: "shelf/\(properties.name)", attributes: [.init("Arn", "arn:\(properties.name)")])
    }
    var remove: @Sendable (CustomResourceContext) async throws -> Void = { _ in }
    var found: String?

    var log: [String] { calls.all.withLock { $0 } }

    func properties(from reader: inout PropertyReader) -> Properties {
        Properties(
            name: reader.requiredString("Name", .word(1...20, or: "-")), size: reader.integer("Size", in: 1...9) ?? 1)
    }

    func create(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        calls.append("create \(properties.name)")
        return try await make(properties, context)
    }

    func update(
        _ properties: Properties, from old: Properties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        calls.append("update \(properties.name) from \(old?.name ?? "-")")
        return try await make(properties, context)
    }

    func delete(_ properties: Properties?, context: CustomResourceContext) async throws {
        calls.append("delete \(context.physicalResourceID ?? "-")")
        try await remove(context)
    }

    func find(_ properties: Properties?, context: CustomResourceContext) async throws -> String? {
        calls.append("find")
        return found
    }

    func unchanged(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        ResourceOutcome(physicalID: context.physicalResourceID ?? "", attributes: [.init("Arn", "arn:same")])
    }
}

/// Takes hand-overs.
final class Successor: SelfInvoker {
    let taken = Mutex<[(arn: String, payload: [UInt8])]>([])
    let failure: Failure?

    init(failure: Failure? = nil) { self.failure = failure }

    var arns: [String] { taken.withLock { $0.map(\.arn) } }
    var payloads: [[UInt8]] { taken.withLock { $0.map(\.payload) } }

    func invoke(functionARN: String, payload: [UInt8]) async throws {
        if let failure { throw failure }
        taken.withLock { $0.append((functionARN, payload)) }
    }
}

/// A handler between a stubbed S3 and a clock that a test moves.
struct Bench: Sendable {
    static let start = Timestamp(secondsSinceEpoch: 1_700_000_000)
    let clock = ManualClock()
    let transport: StubTransport
    let handler: CustomResourceHandler<Shelf>

    init(
        _ shelf: Shelf, invoker: (any SelfInvoker)? = nil,
        s3: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse = { _ in HTTPResponse(status: 200) }
    ) {
        transport = StubTransport(s3)
        let clock = clock
        handler = CustomResourceHandler(
            shelf, transport: transport, invoker: invoker, clock: clock, now: { Self.start + clock.now.offset })
    }

    var now: Timestamp { Self.start + clock.now.offset }

    @discardableResult
    func handle(_ event: JSONValue) async throws -> JSONValue {
        try await handle(event.encoded)
    }

    @discardableResult
    func handle(_ event: [UInt8]) async throws -> JSONValue {
        let context = LambdaContext(
            requestID: "i-1", deadline: now + .seconds(900), invokedFunctionARN: token + ":live")
        return try JSONValue(parsing: try await handler.handle(event, context: context))
    }

    /// Handles an event whose work does not end: time is moved past the work's deadline when it has begun.
    func outlast(_ event: [UInt8], after time: Duration = .seconds(885)) async throws -> JSONValue {
        async let result = handle(event)
        // The work, its end and the end of its grace.
        try await clock.waitForSleepers(3)
        clock.advance(by: time)
        return try await result
    }

    /// The bodies that were put.
    var bodies: [[UInt8]] {
        transport.requests.map { if case .bytes(let bytes) = $0.body { bytes } else { [] } }
    }

    /// The answers that were put.
    var replies: [JSONValue] { bodies.compactMap { try? JSONValue(parsing: $0) } }
}

/// Waits on the kit's clock for as long as nobody cancels.
let endless: Shelf.Make = { _, context in
    try await context.clock.sleep(for: .seconds(1_000_000))
    throw Failure("nobody comes here")
}
