import CloudFormation
import HTTP
import JSON
import TestSupport
import Testing
import Timestamps

@Suite(.timeLimit(.minutes(5))) struct DeadlineTests {
    @Test func workThatOutlastsAnInvocationGoesOnInTheNext() async throws {
        let successor = Successor()
        let first = Bench(
            Shelf(make: { properties, context in
                context.record(physicalID: "shelf/3")
                context.checkpoint(["phase": "waiting", "ids": ["a", "b"]])
                return try await endless(properties, context)
            }), invoker: successor)
        #expect(try await first.outlast(event("Create").encoded)["HandedOver"] == 1)
        #expect(first.replies.isEmpty)
        #expect(successor.arns == [token + ":live"])

        let second = Bench(
            Shelf(make: { _, context in
                #expect(context.state == ["phase": "waiting", "ids": ["a", "b"]])
                #expect(context.physicalResourceID == "shelf/3")
                #expect(context.hop == 1)
                return ResourceOutcome(physicalID: context.physicalResourceID ?? "")
            }))
        try await second.handle(try #require(successor.payloads.first))
        #expect(second.replies.map { $0["PhysicalResourceId"] } == ["shelf/3"])
        #expect(second.replies.first?["RequestId"] == "9c1b")
    }

    @Test func theHourEndsTheChainWithWhatIsLeft() async throws {
        let successor = Successor()
        let bench = Bench(
            Shelf(make: { properties, context in
                context.report("deleted 2 of 3 mount targets")
                return try await endless(properties, context)
            }), invoker: successor)
        var payload = event("Create").encoded
        var hops = 0
        while bench.replies.isEmpty, hops < 9 {
            _ = try await bench.outlast(payload)
            payload = successor.payloads.last ?? []
            hops = successor.payloads.count
        }
        // Four invocations of 885 seconds fill the 3540.
        #expect(hops == 3)
        let reply = try #require(bench.replies.first)
        #expect(
            reply["Reason"]
                == "The time CloudFormation waits is over. So far: deleted 2 of 3 mount targets")
        #expect(reply["PhysicalResourceId"] == "CREATE_INTERRUPTED/App/9c1b")
    }

    @Test func theServiceTimeoutEndsTheWorkSooner() async throws {
        let successor = Successor()
        let bench = Bench(Shelf(make: endless), invoker: successor)
        _ = try await bench.outlast(
            event("Create", ["Name": "demo", "ServiceTimeout": "100"]).encoded, after: .seconds(90))
        #expect(successor.payloads.isEmpty)
        #expect(bench.replies.first?["Reason"] == "The time CloudFormation waits is over")
    }

    @Test func theHourCountsFromWhenTheURLWasSigned() async throws {
        let shelf = Shelf()
        let bench = Bench(shelf)
        let signed = (Bench.start - .seconds(3_580)).iso8601Basic
        let url = "https://answers.s3.amazonaws.com/x?X-Amz-Date=\(signed)&X-Amz-Signature=ab12"
        try await bench.handle(event("Create", changing: ["ResponseURL": .some(.string(url))]))
        #expect(bench.replies.first?["Reason"] == "The time CloudFormation waits is over")
        #expect(shelf.log.isEmpty)
    }

    @Test func theURLOfASampleEventDoesNotCount() async throws {
        let bench = Bench(Shelf())
        let url = "https://answers.s3.amazonaws.com/x?X-Amz-Date=20210101T000000Z"
        try await bench.handle(event("Create", changing: ["ResponseURL": .some(.string(url))]))
        #expect(bench.replies.first?["Status"] == "SUCCESS")
    }

    @Test func aChainOfTooManyHopsEnds() async throws {
        let successor = Successor()
        let bench = Bench(Shelf(make: endless), invoker: successor)
        let handover = Handover(event: event("Create"), hop: 8, startedAt: Bench.start, progress: .init())
        _ = try await bench.outlast(handover.encoded)
        #expect(successor.payloads.isEmpty)
        #expect(
            bench.replies.first?["Reason"] == "The work was handed over 8 times and has not come to its end")
    }

    @Test func aHandOverThatFailsIsAnswered() async throws {
        let bench = Bench(Shelf(make: endless), invoker: Successor(failure: Failure("AccessDenied")))
        _ = try await bench.outlast(event("Delete", id: "shelf/1", changing: ["RequestType": .some("Create")]).encoded)
        let reason = try #require(bench.replies.first?["Reason"]?.string)
        #expect(reason.hasSuffix("could not be handed over to another: AccessDenied"))
    }

    @Test func aFunctionThatCannotCallItselfAnswersInTime() async throws {
        let bench = Bench(Shelf(remove: { context in _ = try await endless(.init(name: "", size: 1), context) }))
        _ = try await bench.outlast(event("Delete", id: "shelf/1").encoded)
        #expect(bench.replies.first?["Status"] == "FAILED")
        #expect(bench.replies.first?["PhysicalResourceId"] == "shelf/1")
        #expect(bench.clock.now.offset == .seconds(885))
    }

    @Test func aHandOverOfAnotherVersionIsAnsweredWithoutWork() async throws {
        let shelf = Shelf()
        let bench = Bench(shelf)
        try await bench.handle([.init(Handover.key): ["version": 9, "event": event("Create")]])
        #expect(bench.replies.first?["Status"] == "FAILED")
        #expect(shelf.log.isEmpty)
    }

    @Test func workThatDoesNotHeedItsCancellationDoesNotHoldTheAnswerUp() async throws {
        let isAnswered = Flag()
        let bench = Bench(
            Shelf(make: { _, _ in
                await isAnswered.wait()
                return ResourceOutcome(physicalID: "late")
            })
        ) { _ in
            isAnswered.set()
            return HTTPResponse(status: 200)
        }
        // The time limit's cancellation lets the work end, should no answer ever be sent.
        let result = try await withTaskCancellationHandler {
            async let result = bench.handle(event("Create"))
            try await bench.clock.waitForSleepers(2)
            bench.clock.advance(by: .seconds(887))
            return try await result
        } onCancel: {
            isAnswered.set()
        }
        #expect(result["Status"] == "FAILED")
        #expect(bench.replies.count == 1)
    }

    @Test func workThatEndsWellInTheLastMomentCounts() async throws {
        let bench = Bench(
            Shelf(make: { _, context in
                try? await context.clock.sleep(for: .seconds(1_000_000))
                return ResourceOutcome(physicalID: "just in time")
            }))
        _ = try await bench.outlast(event("Create").encoded)
        #expect(bench.replies.map { $0["PhysicalResourceId"] } == ["just in time"])
    }
}
