import JSON
import Lambda
import LambdaBootstrap

/// Counts down from the event's `count`, a line at a time. Thirteen brings bad luck: it shows how an answer ends that is
/// broken off in the middle.
struct Countdown: StreamingLambdaHandler {
    struct BadLuck: Error, CustomStringConvertible {
        var description: String { "thirteen came up" }
    }

    func handle(_ event: [UInt8], response: LambdaResponseWriter, context: LambdaContext) async throws {
        let count = try JSONValue(parsing: event)["count"]?.integer ?? 10
        for number in stride(from: count, through: 1, by: -1) {
            if number == 13 { throw BadLuck() }
            try await response.write("\(number)\n")
        }
    }
}

@main enum CountdownFunction {
    static func main() {
        LambdaFunction.runStreaming { _ in Countdown() }
    }
}
