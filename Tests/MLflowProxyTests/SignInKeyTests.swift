import Cryptography
import HTTP
import JSON
import LambdaEvents
import Logging
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import MLflowProxy

/// How the load balancer's keys are fetched and kept.
@Suite struct SignInKeyTests {
    private static func keyID(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 36 - digits.count) + digits
    }

    @Test func aKeyIsFetchedOnce() async throws {
        let fixture = try SignInFixture()
        for _ in 0..<5 { #expect(try await fixture.answer(token: fixture.token()).status == 200) }
        fixture.advance(by: .seconds(86_400))
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
        #expect(fixture.fetches.count == 1)
        let options = try #require(fixture.transport.options.first)
        #expect(options.timeout == .seconds(2) && options.connectTimeout == .seconds(2))
        #expect(options.maximumResponseBytes == 16 << 10)
    }

    @Test func aHundredRequestsAtOnceFetchOnce() async throws {
        let fixture = try SignInFixture()
        let gate = Gate()
        let serve = SignInFixture.serve([SignInFixture.keyID: fixture.pair.publicPEM])
        fixture.setKeyAnswer { request in
            await gate.wait()
            return try await serve(request)
        }
        let token = fixture.token()
        let begun = Counter()
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    begun.count()
                    return try await fixture.answer(token: token).status
                }
            }
            while begun.value < 100 || fixture.fetches.isEmpty { await Task.yield() }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [Int](repeating: 200, count: 100))
        #expect(fixture.fetches.count == 1)
    }

    @Test func whoeverWaitsTakesOverFromACallerThatLeaves() async throws {
        let fixture = try SignInFixture()
        let gate = Gate()
        let serve = SignInFixture.serve([SignInFixture.keyID: fixture.pair.publicPEM])
        fixture.setKeyAnswer { request in
            await gate.wait()
            try Task.checkCancellation()
            return try await serve(request)
        }
        let token = fixture.token()
        let first = Task { try await fixture.answer(token: token).status }
        while fixture.fetches.isEmpty { await Task.yield() }
        let others = (0..<3).map { _ in Task { try await fixture.answer(token: token).status } }
        first.cancel()
        gate.open()
        await #expect(throws: CancellationError.self) { try await first.value }
        for other in others { #expect(try await other.value == 200) }
        #expect(fixture.fetches.count == 2)
    }

    @Test func aNewKeyIsFetchedBesideTheOldOne() async throws {
        let fixture = try SignInFixture()
        let other = try #require(ECDSAKeyPair())
        fixture.setKeyAnswer(
            SignInFixture.serve([
                SignInFixture.keyID: fixture.pair.publicPEM, Self.keyID(1): other.publicPEM,
            ]))
        var draft = TokenDraft()
        draft.header["exp"] = .integer(Fixture.now.secondsSinceEpoch + 100)
        draft.header["kid"] = .string(Self.keyID(1))
        for _ in 0..<2 {
            #expect(try await fixture.answer(token: fixture.token()).status == 200)
            #expect(try await fixture.answer(token: draft.signed(by: other)).status == 200)
        }
        // Each key verifies its own tokens alone.
        #expect(try await fixture.answer(token: draft.signed(by: fixture.pair)).status == 401)
        #expect(fixture.fetches.count == 2)
    }

    static let failures: [(String, SignInFixture.KeyAnswer)] = [
        ("timeout", { throw TransportError(.timeout, "no answer within 2 s", request: $0) }),
        ("no network", { throw TransportError(.connect, "refused", request: $0) }),
        ("any other error", { _ in throw Unexpected() }),
        ("500", { _ in HTTPResponse(status: 500) }), ("403", { _ in HTTPResponse(status: 403) }),
        ("302", { _ in HTTPResponse(status: 302, headers: ["location": "https://evil.example/key"]) }),
        ("204", { _ in HTTPResponse(status: 204) }), ("empty", { _ in HTTPResponse(status: 200) }),
        ("garbage", { _ in HTTPResponse(status: 200, body: Array("<html>".utf8)) }),
        ("too large", { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 0x2D, count: 100_000)) }),
        (
            "another curve",
            { _ in
                HTTPResponse(status: 200, body: Array((ECDSAKeyPair(.p384)?.publicPEM ?? "").utf8))
            }
        ),
    ]

    private struct Unexpected: Error {}

    @Test(arguments: failures.indices)
    func withoutAKeyNobodyIsLetInUntilThereIsOne(index: Int) async throws {
        let fixture = try SignInFixture()
        fixture.setKeyAnswer(Self.failures[index].1)
        for _ in 0..<3 {
            let answer = try await fixture.answer(token: fixture.token())
            #expect(answer.status == 503, "\(Self.failures[index].0)")
            #expect(answer.json?["error_code"]?.string == "TEMPORARILY_UNAVAILABLE")
            #expect(!answer.text.contains("key"))
        }
        #expect(fixture.upstream.isEmpty)
        #expect(fixture.fetches.count == 1)
        #expect(fixture.log.records.first?.level == .error)

        fixture.setKeyAnswer(SignInFixture.serve([SignInFixture.keyID: fixture.pair.publicPEM]))
        fixture.advance(by: .milliseconds(4_999))
        #expect(try await fixture.answer(token: fixture.token()).status == 503)
        fixture.advance(by: .milliseconds(1))
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
        #expect(fixture.fetches.count == 2)
    }

    @Test func aMissingKeyIsAskedForAgainAfterHalfAMinute() async throws {
        let fixture = try SignInFixture()
        fixture.setKeyAnswer { _ in HTTPResponse(status: 404) }
        for _ in 0..<3 { #expect(try await fixture.answer(token: fixture.token()).status == 401) }
        #expect(fixture.fetches.count == 1)
        fixture.setKeyAnswer(SignInFixture.serve([SignInFixture.keyID: fixture.pair.publicPEM]))
        fixture.advance(by: .seconds(30))
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
    }

    @Test func inventedKeysCannotMakeTheProxyFetchWithoutEnd() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
        for number in 0..<200 {
            let status = try await fixture.answer(
                token: fixture.token { $0.header["kid"] = .string(Self.keyID(number)) }
            ).status
            #expect(status == (number < 15 ? 401 : 503))
        }
        #expect(fixture.fetches.count == 16)
        // Who is signed in notices nothing.
        #expect(try await fixture.answer(token: fixture.token()).status == 200)
        #expect(fixture.upstream.count == 2)
        fixture.advance(by: .seconds(60))
        #expect(
            try await fixture.answer(token: fixture.token { $0.header["kid"] = .string(Self.keyID(500)) }).status == 401
        )
        #expect(fixture.fetches.count == 17)
    }

    @Test func aFetchKeepsWithinTheTimeOfTheInvocation() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(token: fixture.token(), timeLeft: .seconds(1)).status == 503)
        #expect(fixture.transport.requests.isEmpty)
        // A caller in a hurry does not decide for the next.
        #expect(try await fixture.answer(token: fixture.token(), timeLeft: .milliseconds(2_500)).status == 200)
        #expect(fixture.transport.options.first?.timeout == .milliseconds(1_500))
    }

    @Test(
        arguments: [
            (
                "arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:123456789012:loadbalancer/app/a/0123456789abcdef",
                nil,
                "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1/"
            ),
            (
                "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/0123456789abcdef", nil,
                "https://public-keys.auth.elb.cn-north-1.amazonaws.com.cn/"
            ),
            (
                "arn:aws-iso:elasticloadbalancing:us-iso-east-1:123456789012:loadbalancer/app/a/0123456789abcdef",
                "https://keys.example.com:8443/elb", "https://keys.example.com:8443/elb/"
            ),
            (SignInFixture.loadBalancer, "http://127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ] as [(String, String?, String)])
    func keysComeFromThePartitionsAddressOrTheGivenOne(arn: String, keyURL: String?, expected: String) async throws {
        let fixture = try SignInFixture(loadBalancer: arn, keyURL: keyURL)
        let pem = fixture.pair.publicPEM
        fixture.setKeyAnswer { _ in HTTPResponse(status: 200, body: Array(pem.utf8)) }
        let token = fixture.token { $0.header["signer"] = .string(arn) }
        #expect(try await fixture.answer(token: token).status == 200)
        #expect(fixture.fetches.map(\.url) == [expected + SignInFixture.keyID])
    }

    @Test func theCacheKeepsTheKeysThatVerified() throws {
        let pair = try #require(ECDSAKeyPair())
        let key = try #require(P256PublicKey(pem: Array(pair.publicPEM.utf8)))
        var cache = KeyCache(capacity: 3)
        for id in ["a", "b", "c"] {
            cache.insert(key, id: id)
            cache.noteProof(by: id)
        }
        cache.noteProof(by: "a")
        // "b" is the one whose proof is the oldest; after it, strangers only displace each other.
        for id in ["x", "y", "z"] { cache.insert(key, id: id) }
        #expect(cache.count == 3)
        #expect(cache["a"] != nil && cache["c"] != nil && cache["z"] != nil)
        #expect(cache["b"] == nil && cache["x"] == nil && cache["y"] == nil)
    }
}

/// Holds tasks until it is opened.
private final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

private final class Counter: Sendable {
    private let state = Mutex(0)
    var value: Int { state.withLock(\.self) }
    func count() { state.withLock { $0 += 1 } }
}
