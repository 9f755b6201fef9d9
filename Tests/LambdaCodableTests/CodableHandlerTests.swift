import Lambda
import LambdaCodable
import Testing

private struct Basket: CodableHandler {
    struct Event: Decodable {
        struct Item: Decodable {
            var count: Int
            var name: String?
        }
        var items: [Item]
        var note: String
    }
    struct Output: Encodable {
        var total: Double
        var link: String
    }

    func handle(_ event: Event, context: LambdaContext) async throws -> Output {
        let total = event.items.reduce(0) { $0 + $1.count }
        return Output(total: total == 13 ? .infinity : Double(total), link: "/\(context.requestID)")
    }
}

private func run(_ event: String) async throws -> String {
    let answer = try await Basket().lambdaHandler.handle(Array(event.utf8), context: LambdaContext(requestID: "7"))
    return String(decoding: answer, as: UTF8.self)
}

@Suite struct CodableHandlerTests {
    @Test func anEventIsDecodedAndTheAnswerEncoded() async throws {
        let answer = try await run(#"{"items":[{"count":2},{"count":3}],"note":""}"#)
        #expect(answer.contains(#""total":5"#))
        #expect(answer.contains(#""link":"/7""#))
    }

    @Test(arguments: [
        (
            #"{"items":[{"count":1},{"count":1},{"count":"x"}],"note":""}"#,
            "The event's `items[2].count` is not a whole number that fits."
        ),
        (#"{"items":[{"count":1},{}],"note":""}"#, "The event's `items[1].count` is missing."),
        (#"{"items":[]}"#, "The event's `note` is missing."),
        (#"{"items":[],"note":null}"#, "The event's `note` is null or missing; it must be a string."),
        (#"{"items":{},"note":""}"#, "The event's `items` is not an array."),
        (#"[]"#, "The event is not an object."),
        (#"{"#, "The event is not valid JSON."),
        ("", "The event is not valid JSON."),
    ])
    func aWrongEventIsNamedByItsPath(event: String, sentence: String) async throws {
        let error = await #expect(throws: EventError.self) { try await run(event) }
        #expect(error?.description == sentence)
        #expect(error?.faultType == "InvalidEvent")
    }

    @Test func anAnswerThatJSONCannotHoldIsNamedByItsPath() async throws {
        let error = await #expect(throws: OutputError.self) { try await run(#"{"items":[{"count":13}],"note":""}"#) }
        #expect(error?.description.hasPrefix("The answer's `total` cannot be written as JSON") == true)
    }
}
