import CloudFormation
import HTTP
import JSON
import TestSupport
import Testing

struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var event: JSONValue
    var shelf = Shelf()
    var reply: String
    var calls: [String] = []

    /// What every answer repeats.
    static let tail = #","StackId":"\#(stack)","RequestId":"9c1b","LogicalResourceId":"App""#
    static func success(_ id: String, data: String = "") -> String {
        #"{"Status":"SUCCESS","PhysicalResourceId":"\#(id)"\#(tail)\#(data)}"#
    }
    static func failed(_ id: String, _ reason: String) -> String {
        #"{"Status":"FAILED","Reason":"\#(reason)","PhysicalResourceId":"\#(id)"\#(tail)}"#
    }
}

private var failing: Shelf {
    Shelf(make: { _, _ in throw Failure("no room") }, remove: { _ in throw Failure("in use by eni-1") })
}

private let marker = "CREATE_FAILED/App/9c1b"

private let rows: [Row] = [
    Row(
        testDescription: "a Create answers with id and attributes", event: event("Create"),
        reply: Row.success("shelf/demo", data: #","Data":{"Arn":"arn:demo"}"#), calls: ["create demo"]),
    Row(
        testDescription: "a Create that failed before it made anything answers with a marker", event: event("Create"),
        shelf: failing, reply: Row.failed(marker, "no room"), calls: ["create demo"]),
    Row(
        testDescription: "a Create that failed after it made something answers with the real id",
        event: event("Create"),
        shelf: Shelf(make: { _, context in
            context.record(physicalID: "shelf/7")
            context.report("1 of 2 boards are up")
            throw Failure("no screws")
        }), reply: Row.failed("shelf/7", "no screws. So far: 1 of 2 boards are up"), calls: ["create demo"]),
    Row(
        testDescription: "a Create that failed while something may exist asks for it to be looked for",
        event: event("Create"),
        shelf: Shelf(make: { _, context in
            context.expectCreation()
            throw Failure("the connection broke")
        }), reply: Row.failed("CREATE_INTERRUPTED/App/9c1b", "the connection broke"), calls: ["create demo"]),
    Row(
        testDescription: "the Delete of a Create that made nothing succeeds at once",
        event: event("Delete", id: marker), shelf: failing, reply: Row.success(marker)),
    Row(
        testDescription: "the Delete of an interrupted Create removes what is found, and echoes its id",
        event: event("Delete", id: "CREATE_INTERRUPTED/App/1"), shelf: Shelf(found: "shelf/9"),
        reply: Row.success("CREATE_INTERRUPTED/App/1"), calls: ["find", "delete shelf/9"]),
    Row(
        testDescription: "the Delete of an id CloudFormation made up removes what is found, and echoes its id",
        event: event("Delete", id: "demo-App-1ABCDEFGHIJKL"), shelf: Shelf(found: "shelf/9"),
        reply: Row.success("demo-App-1ABCDEFGHIJKL"), calls: ["find", "delete shelf/9"]),
    Row(
        testDescription: "the Delete of an id CloudFormation made up succeeds when nothing is found",
        event: event("Delete", id: "demo-App-1ABCDEFGHIJKL"), reply: Row.success("demo-App-1ABCDEFGHIJKL"),
        calls: ["find"]),
    Row(
        testDescription: "a Delete echoes the id", event: event("Delete", id: "shelf/demo"),
        reply: Row.success("shelf/demo"), calls: ["delete shelf/demo"]),
    Row(
        testDescription: "a Delete that failed echoes the id and tells the blocker",
        event: event("Delete", id: "shelf/demo"), shelf: failing, reply: Row.failed("shelf/demo", "in use by eni-1"),
        calls: ["delete shelf/demo"]),
    Row(
        testDescription: "properties that cannot be read do not keep a resource from being deleted",
        event: event("Delete", ["Nmae": "x"], id: "shelf/demo"), reply: Row.success("shelf/demo"),
        calls: ["delete shelf/demo"]),
    Row(
        testDescription: "an Update to equal properties in effect does nothing",
        event: event("Update", ["Name": "demo", "Size": " 1 "], old: ["Name": "demo"], id: "shelf/demo"),
        reply: Row.success("shelf/demo", data: #","Data":{"Arn":"arn:same"}"#)),
    Row(
        testDescription: "an Update may answer another id: a replacement",
        event: event("Update", ["Name": "b"], old: ["Name": "a"], id: "shelf/a"),
        reply: Row.success("shelf/b", data: #","Data":{"Arn":"arn:b"}"#), calls: ["update b from a"]),
    Row(
        testDescription: "an Update that failed keeps the id",
        event: event("Update", ["Name": "b"], old: ["Name": "a"], id: "shelf/a"), shelf: failing,
        reply: Row.failed("shelf/a", "no room"), calls: ["update b from a"]),
    Row(
        testDescription: "an Update from properties nobody can read is carried out",
        event: event("Update", ["Name": "b"], old: ["Colour": "red"], id: "shelf/a"),
        reply: Row.success("shelf/b", data: #","Data":{"Arn":"arn:b"}"#), calls: ["update b from -"]),
    Row(
        testDescription: "an Update of what was never made makes it",
        event: event("Update", ["Name": "b"], old: ["Name": "b"], id: marker),
        reply: Row.success("shelf/b", data: #","Data":{"Arn":"arn:b"}"#), calls: ["create b"]),
    Row(
        testDescription: "wrong properties are told all at once",
        event: event("Create", ["Nane": "x", "Size": "12"]),
        reply: Row.failed(
            marker,
            #"The property Name is missing; it must be 1 to 20 letters or digits or \"-\". The property Size is \"12\"; "#
                + #"it must be a whole number from 1 to 9. The property \"Nane\" is not known; did you mean Name?"#)),
    Row(
        testDescription: "an unknown request type is answered", event: event("Import", id: "shelf/a"),
        reply: Row.failed("shelf/a", #"RequestType is \"Import\"; it must be Create, Update or Delete."#)),
    Row(
        testDescription: "a request of a wrong shape is answered",
        event: event("Create", changing: ["ResourceProperties": .some("x"), "ResourceType": nil as JSONValue?]),
        reply: Row.failed(
            marker,
            "The event has no text in its member ResourceType. ResourceProperties is a string; it must be an object.")),
    Row(
        testDescription: "an id that is too long is a failure, and what was made is looked for later",
        event: event("Create"),
        shelf: Shelf(make: { _, _ in ResourceOutcome(physicalID: String(repeating: "x", count: 1_025)) }),
        reply: Row.failed(
            "CREATE_INTERRUPTED/App/9c1b",
            "The work is done, but the resource's id cannot be given to CloudFormation: it has 1025 bytes, more than 1024."
        ),
        calls: ["create demo"]),
    Row(
        testDescription: "secret attributes are marked", event: event("Create"),
        shelf: Shelf(make: { _, _ in ResourceOutcome(physicalID: "s", attributes: [.init("Key", "k")], noEcho: true) }),
        reply: Row.success("s", data: #","NoEcho":true,"Data":{"Key":"k"}"#), calls: ["create demo"]),
]

@Suite(.timeLimit(.minutes(5))) struct HandlerTests {
    @Test(arguments: rows) func everyRequestHasItsAnswer(row: Row) async throws {
        let bench = Bench(row.shelf)
        try await bench.handle(row.event)
        #expect(bench.bodies.map { String(decoding: $0, as: UTF8.self) } == [row.reply])
        #expect(row.shelf.log == row.calls)
    }

    @Test func aDeletesAnswerHasTheAttributesItRecorded() async throws {
        let bench = Bench(Shelf(remove: { $0.record(attributes: [.init("Left", "nothing")]) }))
        try await bench.handle(event("Delete", id: "shelf/1"))
        #expect(bench.replies.first?["Data"] == ["Left": "nothing"])
    }

    @Test func theAnswerGoesOutAsItsURLWasSigned() async throws {
        let bench = Bench(Shelf())
        try await bench.handle(event("Create"))
        let request = try #require(bench.transport.requests.first)
        #expect(request.method == .put)
        #expect(request.url == responseURL)
        #expect(request.headers.fields == [.init(name: "Content-Type", value: "")])
        #expect(bench.transport.options.first?.connectTimeout == .seconds(5))
    }

    @Test func aRequestThroughATopicIsTheSame() async throws {
        let shelf = Shelf()
        let bench = Bench(shelf)
        try await bench.handle([
            "Records": [["EventSource": "aws:sns", "Sns": ["Message": .string(event("Create").description)]]]
        ])
        #expect(shelf.log == ["create demo"])
        #expect(bench.replies.first?["Status"] == "SUCCESS")
    }

    @Test(arguments: [
        (#"{"RequestType":"Create"}"#, "The event has no text in its member ResponseURL."), ("[1]", "an array"),
        ("{", "not valid JSON"), (#"{"Records":[]}"#, "not the one record of an SNS topic"),
    ])
    func anEventWithoutAnAddressIsAnError(text: String, sentence: String) async throws {
        let bench = Bench(Shelf())
        let error = await #expect(throws: MalformedEvent.self) { try await bench.handle(Array(text.utf8)) }
        #expect(try #require(error).description.contains(sentence))
        #expect(bench.replies.isEmpty)
    }

    @Test func theRecordOfAFailedInvocationIsAnsweredWithoutWork() async throws {
        let shelf = Shelf()
        let bench = Bench(shelf)
        let record: JSONValue = [
            "version": "1.0",
            "requestContext": ["requestId": "r-7", "condition": "RetriesExhausted", "approximateInvokeCount": 3],
            "requestPayload": event("Create"),
            "responsePayload": ["errorMessage": "out of memory, AKIAIOSFODNN7EXAMPLE"],
        ]
        try await bench.handle(record)
        let reply = try #require(bench.replies.first)
        #expect(
            reply["Reason"]
                == "The function did not end its work in 3 tries: out of memory, ***. See its log, request r-7.")
        #expect(reply["PhysicalResourceId"] == "CREATE_INTERRUPTED/App/9c1b")
        #expect(shelf.log.isEmpty)
    }

    @Test func theRecordOfAFailedHandOverKnowsWhatWasMade() async throws {
        let bench = Bench(Shelf())
        let handover = Handover(
            event: event("Create"), hop: 2, startedAt: Bench.start,
            progress: .init(physicalID: "shelf/5", report: "half of it"))
        try await bench.handle([
            "requestContext": ["condition": "EventAgeExceeded"],
            "requestPayload": try JSONValue(parsing: handover.encoded),
        ])
        let reply = try #require(bench.replies.first)
        #expect(reply["PhysicalResourceId"] == "shelf/5")
        #expect(reply["Reason"]?.string?.hasSuffix("So far: half of it") == true)
    }

    @Test func theRecordOfASuccessIsLeftAlone() async throws {
        let bench = Bench(Shelf())
        let result = try await bench.handle([
            "requestContext": ["condition": "Success"], "requestPayload": event("Create"),
        ])
        #expect(result["Ignored"] != nil)
        #expect(bench.replies.isEmpty)
    }

    /// An error would fail this invocation too, whose record would come back through the same topic, for ever.
    @Test(
        arguments: [
            ["action": "stop", "trackingServer": "gone"], "no object", event("Create", changing: ["ResponseURL": nil]),
        ] as [JSONValue])
    func theRecordOfAFailureThatNobodyWaitsForIsLeftAlone(payload: JSONValue) async throws {
        let bench = Bench(Shelf())
        let record: JSONValue = [
            "requestContext": ["requestId": "r-7", "condition": "RetriesExhausted"], "requestPayload": payload,
        ]
        let result = try await bench.handle([
            "Records": [["EventSource": "aws:sns", "Sns": ["Message": .string(record.description)]]]
        ])
        #expect(result["Ignored"]?.string?.contains("r-7") == true, "\(result)")
        #expect(bench.replies.isEmpty)
    }

    @Test func aDuplicateHasNoSecondEffectAndNoSecondAnswer() async throws {
        let shelf = Shelf()
        let bench = Bench(shelf)
        let first = try await bench.handle(event("Create"))
        let second = try await bench.handle(event("Create"))
        #expect(first == second)
        #expect(shelf.log == ["create demo"])
        #expect(bench.replies.count == 1)
    }

    @Test func aDuplicateInFlightWaitsForTheFirst() async throws {
        let shelf = Shelf(make: { _, context in
            try await context.clock.sleep(for: .seconds(5))
            return ResourceOutcome(physicalID: "s")
        })
        let bench = Bench(shelf)
        async let first = bench.handle(event("Create"))
        async let second = bench.handle(event("Create"))
        try await bench.clock.waitForSleepers(3)
        bench.clock.advance(by: .seconds(5))
        #expect(try await first == second)
        #expect(shelf.log == ["create demo"])
        #expect(bench.replies.count == 1)
    }

    @Test func anAnswerThatCouldNotBeSentIsSentByTheRetryWithoutWork() async throws {
        let shelf = Shelf()
        let isUp = Flag()
        let hasBegun = Flag()
        let bench = Bench(shelf) { _ in
            hasBegun.set()
            return HTTPResponse(status: isUp.value ? 200 : 503)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { hasBegun.set() }
                await #expect(throws: ReplyDeliveryError.self) { try await bench.handle(event("Create")) }
            }
            // Time passes in the waits between the tries, which alone are left when the first is made.
            group.addTask {
                await hasBegun.wait()
                while true {
                    try await bench.clock.waitForSleepers(1)
                    bench.clock.advance(by: .seconds(5))
                }
            }
            try await group.next()
            group.cancelAll()
        }
        // It was tried up to the invocation's end: no wait is longer than five seconds.
        #expect(bench.clock.now.offset >= .seconds(895))
        isUp.set()
        try await bench.handle(event("Create"))
        #expect(shelf.log == ["create demo"])
        #expect(bench.replies.last?["Status"] == "SUCCESS")
    }

    @Test func aURLThatStaysRefusedIsGivenUp() async throws {
        let hasBegun = Flag()
        let bench = Bench(Shelf()) { _ in
            hasBegun.set()
            return HTTPResponse(status: 403)
        }
        let result = try await withThrowingTaskGroup(of: JSONValue?.self) { group in
            group.addTask { try await bench.handle(event("Create")) }
            group.addTask {
                await hasBegun.wait()
                while true {
                    try await bench.clock.waitForSleepers(1)
                    bench.clock.advance(by: .seconds(1))
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        #expect(result?["Status"] == "SUCCESS")
        #expect(bench.replies.count == 3)
    }
}
