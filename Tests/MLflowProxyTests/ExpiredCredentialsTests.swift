import AWSCore
import AWSSigning
import HTTP
import LambdaEvents
import Logging
import MLflowProxy
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite struct ExpiredCredentialsTests {
    /// Gives the first credentials until they are discarded, then the next ones.
    private final class Renewable: CredentialProvider {
        private let state = Mutex((number: 1, discarded: [String]()))
        private let renews: Bool

        init(renews: Bool = true) { self.renews = renews }

        var discarded: [String] { state.withLock { $0.discarded } }

        func credentials() async throws -> Credentials {
            state.withLock { Credentials(accessKeyID: "AKID\($0.number)", secretAccessKey: "SECRETKEY") }
        }

        func discard(_ credentials: Credentials) {
            state.withLock { state in
                state.discarded.append(credentials.accessKeyID)
                if renews { state.number += 1 }
            }
        }
    }

    /// The service before and after it took the second credentials.
    private static func service(_ refusal: HTTPResponse) -> @Sendable (HTTPRequest) -> HTTPResponse {
        { request in
            let isRenewed = request.headers["authorization"]?.contains("Credential=AKID2/") == true
            return isRenewed ? HTTPResponse(status: 200, body: Array("ok".utf8)) : refusal
        }
    }

    private static let gate = HTTPResponse(status: 403, headers: ["x-amzn-errortype": "ExpiredTokenException:http://x"])
    private static let body = HTTPResponse(
        status: 403, body: Array(#"{"message":"The security token included in the request is expired"}"#.utf8))

    @Test(arguments: [HTTPMethod.get, .head, .post, .put, .patch, .delete])
    func whatTheGateRefusedIsSentOnceMoreWithNewCredentials(method: HTTPMethod) async throws {
        var fixture = Fixture(Self.service(Self.gate))
        let credentials = Renewable()
        fixture.credentials = credentials
        #expect(try await fixture.answer(.example(method, "/a", body: method == .head ? "" : "x")).status == 200)
        #expect(fixture.transport.requests.count == 2)
        #expect(credentials.discarded == ["AKID1"])
    }

    @Test func aBodyThatSpeaksOfItIsEnoughOnlyWhereRepeatingIsHarmless() async throws {
        for (method, expected) in [(HTTPMethod.get, 2), (.put, 2), (.post, 1), (.patch, 1)] {
            var fixture = Fixture(Self.service(Self.body))
            fixture.credentials = Renewable()
            #expect(try await fixture.answer(.example(method, "/a")).status == (expected == 2 ? 200 : 403))
            #expect(fixture.transport.requests.count == expected)
        }
    }

    @Test func theSecondRefusalIsTheAnswer() async throws {
        var fixture = Fixture(answering: Self.gate)
        let credentials = Renewable()
        fixture.credentials = credentials
        #expect(try await fixture.answer(.example()).status == 403)
        #expect(fixture.transport.requests.count == 2)
        #expect(credentials.discarded == ["AKID1"])
    }

    @Test func withoutOtherCredentialsNothingIsSentAgain() async throws {
        var fixture = Fixture(answering: Self.gate)
        fixture.credentials = Renewable(renews: false)
        #expect(try await fixture.answer(.example()).status == 403)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test func anyOtherRefusalIsTheAnswer() async throws {
        for refusal in [
            HTTPResponse(status: 403, headers: ["x-amzn-errortype": "AccessDeniedException"], body: Self.body.body),
            HTTPResponse(status: 403, body: Array("Forbidden".utf8)), HTTPResponse(status: 500, body: Self.body.body),
        ] {
            var fixture = Fixture(Self.service(refusal))
            fixture.credentials = Renewable()
            #expect(try await fixture.answer(.example()).status == refusal.status)
            #expect(fixture.transport.requests.count == 1)
        }
    }

    @Test func cachedCredentialsAreFetchedAnewOnceTheyAreDiscarded() async throws {
        let cache = CachedCredentials(Renewable(), logger: LogRecorder().logger, now: { Fixture.now })
        let first = try await cache.credentials()
        #expect(try await cache.credentials() == first)
        cache.discard(first)
        let second = try await cache.credentials()
        #expect(second.accessKeyID == "AKID2")
        cache.discard(first)
        #expect(try await cache.credentials() == second)
    }
}
