import CloudFormation
import JSON
import LambdaEmulator
import Synchronization
import TestSupport
import Testing
import Timestamps

/// A function that fails a number of times, and keeps what it was invoked with.
private final class Unsteady: Sendable {
    struct Call: Sendable, Equatable {
        var event: String
        var requestID: String
    }

    private let state: Mutex<(failures: Int, calls: [Call])>

    init(failures: Int) {
        state = Mutex((failures, []))
    }

    var calls: [Call] { state.withLock { $0.calls } }

    func invoke(_ event: [UInt8], _ requestID: String) -> InvocationResult {
        let fails = state.withLock { state in
            state.calls.append(Call(event: String(decoding: event, as: UTF8.self), requestID: requestID))
            state.failures -= 1
            return state.failures >= 0
        }
        guard fails else { return .success(FunctionResponse(payload: Array("{}".utf8))) }
        let error = #"{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}"#
        return .failure(FunctionFailure(errorType: "Runtime.ExitError", payload: Array(error.utf8)))
    }
}

@Suite(.timeLimit(.minutes(1))) struct AsynchronousInvokerTests {
    private let clock = ManualClock(jumps: true)
    private let event = #"{"RequestType":"Create","RequestId":"r-1","ResponseURL":"http://a/"}"#

    private func queue(
        _ function: Unsteady, retries: Int = 2, records: Bool = false
    ) -> AsynchronousInvoker {
        AsynchronousInvoker(
            functionARN: functionARN,
            settings: .init(maximumRetries: retries, retryDelay: .seconds(60), deliversFailureRecords: records),
            clock: clock, now: { Timestamp(secondsSinceEpoch: 1_795_233_600) }, log: { _ in },
            function: { function.invoke($0, $1) })
    }

    /// Delivers events until nothing is left to do.
    private func deliver(_ events: [String], by queue: AsynchronousInvoker) async {
        let running = Task { await queue.run() }
        for event in events { queue.accept(Array(event.utf8)) }
        await queue.idle()
        running.cancel()
        await running.value
    }

    @Test func `An invocation that succeeds is not repeated`() async {
        let function = Unsteady(failures: 0)
        let queue = queue(function)
        await deliver([event], by: queue)
        #expect(function.calls.map(\.event) == [event])
        #expect(queue.counts == .init(invocations: 1))
    }

    @Test func `One that fails is repeated after one minute and then two, the same event under the same id`() async {
        let function = Unsteady(failures: 2)
        let queue = queue(function, records: true)
        await deliver([event], by: queue)
        #expect(function.calls.map(\.event) == [event, event, event])
        #expect(Set(function.calls.map(\.requestID)).count == 1)
        #expect(clock.slept == [.seconds(60), .seconds(120)])
        #expect(queue.counts == .init(invocations: 3, retries: 2))
    }

    @Test func `After the last retry the record of the failure is delivered, and the kit answers it`() async throws {
        let function = Unsteady(failures: 3)
        let queue = queue(function, records: true)
        await deliver([event], by: queue)
        #expect(queue.counts == .init(invocations: 4, retries: 2, failureRecords: 1))
        let calls = function.calls
        #expect(calls[3].requestID != calls[2].requestID)
        let notification = try JSONValue(parsing: Array(calls[3].event.utf8))
        let text = try #require(notification["Records"]?.array?.first?["Sns"]?["Message"]?.string)
        let record = try JSONValue(parsing: Array(text.utf8))
        #expect(record["version"] == "1.0")
        #expect(record["timestamp"] == "2026-11-21T04:00:00.000Z")
        #expect(
            record["requestContext"] == [
                "requestId": .string(calls[0].requestID), "functionArn": .string("\(functionARN):$LATEST"),
                "condition": "RetriesExhausted", "approximateInvokeCount": 3,
            ])
        #expect(
            record["responseContext"] == [
                "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled",
            ])
        #expect(record["responsePayload"]?["errorMessage"] == "signal: killed")
        let delivery = try Delivery(notification)
        #expect(
            delivery.kind
                == .failure(
                    "The function did not end its work in 3 tries: signal: killed. See its log, request "
                        + "\(calls[0].requestID)."))
        #expect(delivery.event == (try JSONValue(parsing: Array(event.utf8))))
    }

    @Test func `The record of a failure whose delivery fails too is retried, and has no record of its own`() async {
        let function = Unsteady(failures: 100)
        let queue = queue(function, retries: 1, records: true)
        await deliver([event], by: queue)
        #expect(queue.counts == .init(invocations: 4, retries: 2, failureRecords: 1))
    }

    @Test func `Without a destination nothing follows, without retries not even those`() async {
        let function = Unsteady(failures: 100)
        let queue = queue(function, retries: 0)
        await deliver([event, event], by: queue)
        #expect(queue.counts == .init(invocations: 2))
        #expect(Set(function.calls.map(\.requestID)).count == 2)
    }
}
