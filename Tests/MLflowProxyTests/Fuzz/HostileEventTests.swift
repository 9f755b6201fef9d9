import Foundation
import HTTP
import JSON
import Lambda
import LambdaEvents
import MLflowProxy
import TestSupport
import Testing
import Timestamps

/// Hostile events in numbers, under every kind of sign-in and access. `FUZZ_EVENTS` says how many there are in all and
/// `FUZZ_SEED` which ones.
@Suite struct HostileEventTests {
    /// What became of the events.
    private struct Tally {
        var statuses: [Int: Int] = [:]
        var errors = 0
        var sent = 0
    }

    @Test(arguments: FuzzWorld.all)
    func noHostileEventDoesHarm(world: FuzzWorld) async throws {
        let identities = try FuzzIdentities(world.identities)
        let network = HostileNetwork(keys: [SignInFixture.keyID: identities.signIn.pair.publicPEM])
        let proxy = try world.proxy(identities, transport: network)
        let judge = FuzzJudge(world: world, identities: identities)
        var tally = Tally()
        var harmful = 0
        let start = ContinuousClock.now
        let count = FuzzWorld.events / FuzzWorld.all.count + 1
        for number in 0..<count {
            // Other tests share the threads.
            if number % 16 == 0 { await Task.yield() }
            var generator = HostileEventGenerator(seed: world.seed, number: number, identities: identities)
            let event = generator.event()
            let bytes = event.bytes
            network.begin(seed: world.seed &+ UInt64(number))
            let log = LogRecorder()
            let context = LambdaContext(
                requestID: "request-1", deadline: Fixture.now + .seconds(30), logger: log.logger)
            let outcome = await Result.of { try await proxy.handle(bytes, context: context) }
            let found = judge.violations(
                of: event, bytes: bytes, outcome: outcome, requests: network.requests, log: log)
            if !found.isEmpty {
                Issue.record(
                    "event \(number) of \(world.testDescription): \(found.joined(separator: "; "))\n\(String(decoding: bytes.prefix(3_000), as: UTF8.self))"
                )
                harmful += 1
                if harmful == 5 { return }
            }
            switch outcome {
            case .success(let answer): tally.statuses[FuzzJudge.status(answer), default: 0] += 1
            case .failure: tally.errors += 1
            }
            tally.sent += network.requests.count { $0.authority == world.authority }
        }
        let statuses = tally.statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(
            separator: ", ")
        print(
            "\(world.testDescription): \(count) events in \(start.duration(to: .now)); \(tally.sent) requests upstream, "
                + "\(tally.errors) function errors, answers by status: \(statuses)")
        guard count > 1_000 else { return }
        // A run that does not get far enough to do harm shows nothing.
        #expect(tally.sent > count / 20)
        #expect(tally.errors > count / 100)
        for status in [200, 400, 404, 405, 502] + (world.identities == .network ? [] : [401])
            + (world.access == .full ? [] : [403])
        {
            #expect(tally.statuses[status, default: 0] > count / 2_000, "status \(status) in \(world.testDescription)")
        }
    }
}

/// Looks at all that came of one event.
struct FuzzJudge {
    let world: FuzzWorld
    let identities: FuzzIdentities

    func violations(
        of event: HostileEvent, bytes: [UInt8], outcome: Result<[UInt8], any Error>, requests: [HTTPRequest],
        log: LogRecorder
    ) -> [String] {
        var found: [String] = []
        // A changed event is what its reader makes of it.
        let asked =
            event.shape == .ofLoadBalancer ? event.request : (try? ALBTargetRequest(parsing: bytes)) ?? event.request
        switch outcome {
        case .failure(let error):
            if event.shape == .ofLoadBalancer { found.append("a request of a load balancer ended in \(error)") }
            if !(error is ALBEventError) { found.append("\(type(of: error)) instead of an ALBEventError") }
            if "\(error)".utf8.count > 2_000 { found.append("an error of \("\(error)".utf8.count) bytes") }
            if !requests.isEmpty { found.append("an event that cannot be read was sent on") }
            if "\(error)".contains(HostileValues.canary), event.shape != .mangled {
                found.append("the error leaks: \(error)")
            }
        case .success(let answer):
            found += AnswerInvariants(world: world, secrets: identities.secrets).violations(
                answer, to: asked, event.shape)
            // Three tries, and once more each with other credentials and with another time.
            let sent = requests.count { $0.authority == world.authority }
            if sent > 5 { found.append("\(requests.count) requests") }
        }
        let upstream = UpstreamInvariants(world: world, identities: identities)
        for request in requests { found += upstream.violations(request, for: asked, event.shape) }
        let text = log.text
        let secrets = [CanaryCredentials.secretAccessKey, CanaryCredentials.sessionToken] + identities.secrets
        for secret in event.shape == .mangled ? secrets : secrets + [HostileValues.canary] where text.contains(secret) {
            found.append("the log holds \(secret)")
        }
        if log.records.contains(where: Self.isForgeable) { found.append("a line of the log can be forged: \(text)") }
        return found
    }

    private static func isForgeable(_ record: LogRecorder.Record) -> Bool {
        // The metrics' description is the proxy's own words alone.
        record.message == "request"
            && record.metadata.contains { $0.key != "_aws" && !HTTPToken.isVisible($0.value) }
    }

    /// The status of an answer that has passed.
    static func status(_ answer: [UInt8]) -> Int {
        let digits = answer.dropFirst(#"{"statusCode":"#.utf8.count).prefix(3)
        return Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }
}

extension Result where Failure == any Error {
    /// The outcome of work that may throw.
    fileprivate static func of(_ work: () async throws -> Success) async -> Self {
        do { return .success(try await work()) } catch { return .failure(error) }
    }
}
