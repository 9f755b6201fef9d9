import JSON
import TestSupport
import Testing

@testable import CloudFormation

@Suite(.timeLimit(.minutes(5))) struct ReplyTests {
    private func address() throws -> ReplyAddress { try ReplyAddress(event("Create")) }

    private func text(_ length: Int, _ generator: inout SeededGenerator) -> String {
        let alphabets: [[Unicode.Scalar]] = [
            Array("abc de".unicodeScalars), Array("äöü漢字🧭👩🏽‍🚀é\u{301}".unicodeScalars),
            Array("\"\\\u{1}\n\u{7F}\t\u{2028}".unicodeScalars),
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            let alphabet = alphabets[Int.random(in: 0..<alphabets.count, using: &generator)]
            text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
        }
        return String(text)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func noFailureIsTooLongAndItsCauseSurvives(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let reason = "CAUSE " + text(Int.random(in: 0...9_000, using: &generator), &generator) + " END"
        let id = String(EncodedText.head(of: text(1_000, &generator), within: 1_024))
        let reply = CustomResourceReply(
            failure: reason, physicalID: id, to: try address(), redaction: Redaction())
        let body = reply.body
        #expect(body.count <= 4_096)
        let value = try JSONValue(parsing: body)
        let sent = try #require(value["Reason"]?.string)
        // By bytes: an accent that follows would make another character of the space.
        let keepsBothEnds = sent.utf8.starts(with: "CAUSE ".utf8) && sent.utf8.reversed().starts(with: "DNE".utf8)
        #expect(keepsBothEnds)
        #expect(!sent.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{2028}" })
        #expect(value["PhysicalResourceId"]?.string == id)
        #expect(value["StackId"]?.string == stack)
        // As much as fits is told.
        if EncodedText.length(CustomResourceReply.singleLine(reason)) > 4_096 { #expect(body.count > 4_080) }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func noSuccessIsTooLongAndOnlyWhatMayBeCutIsCut(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let kept = text(Int.random(in: 0...300, using: &generator), &generator)
        let outcome = ResourceOutcome(
            physicalID: "id",
            attributes: [
                .init("Plan", text(Int.random(in: 0...6_000, using: &generator), &generator), mayShorten: true),
                .init("Arn", kept),
                .init("Log", text(Int.random(in: 0...6_000, using: &generator), &generator), mayShorten: true),
            ])
        let body = CustomResourceReply(success: outcome, to: try address()).body
        #expect(body.count <= 4_096)
        let value = try JSONValue(parsing: body)
        #expect(value["Status"] == "SUCCESS")
        #expect(value["Data"]?["Arn"]?.string == kept)
        #expect(value["Data"]?.object?.members.count == 3)
    }

    @Test func attributesThatMayNotBeCutFailRatherThanLie() throws {
        let outcome = ResourceOutcome(
            physicalID: "id", attributes: [.init("Arn", String(repeating: "a", count: 5_000))])
        let value = try JSONValue(parsing: CustomResourceReply(success: outcome, to: try address()).body)
        #expect(value["Status"] == "FAILED")
        #expect(value["PhysicalResourceId"] == "id")
        #expect(value["Data"] == nil)
        #expect(value["Reason"]?.string?.contains("bytes too long") == true)
    }

    @Test func theWorstAddressStillLeavesRoomForAReason() throws {
        let worst = try ReplyAddress(
            event(
                "Delete", id: String(repeating: "\"", count: 1_024),
                changing: ["StackId": .some(.string(String(repeating: "s", count: 1_390)))]))
        let reply = CustomResourceReply(
            failure: String(repeating: "why ", count: 2_000), physicalID: worst.physicalResourceID ?? "", to: worst,
            redaction: Redaction())
        let body = reply.body
        #expect(body.count <= 4_096)
        #expect(try JSONValue(parsing: body)["Reason"]?.string?.hasPrefix("why why ") == true)
    }

    @Test func aReasonIsNeverEmpty() throws {
        let reply = CustomResourceReply(failure: " \n", physicalID: "x", to: try address(), redaction: Redaction())
        #expect(reply.reason?.isEmpty == false)
    }
}
