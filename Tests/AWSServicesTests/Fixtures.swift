import AWSCore
import AWSSigning
import Configuration
import HTTP
import TestSupport
import Timestamps

let noon = Timestamp(secondsSinceEpoch: 1_795_262_400)

/// Credentials that never end.
struct FixedCredentials: CredentialProvider {
    var sessionToken: String?

    func credentials() async throws -> Credentials {
        Credentials(accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: sessionToken)
    }
}

/// A client in eu-central-1 that waits for nothing.
func awsClient(
    _ service: AWSService, _ transport: StubTransport, _ errorForm: AWSClient.ErrorForm = .json,
    signing: SigningSettings = .standard, sessionToken: String? = nil, region: String = "eu-central-1",
    environment: [String: String] = [:], clock: ManualClock = ManualClock(jumps: true)
) throws -> AWSClient {
    AWSClient(
        endpoint: try ServiceEndpoint.resolve(
            service: service, region: region, environment: Environment(environment)),
        errorForm: errorForm, signing: signing, credentials: FixedCredentials(sessionToken: sessionToken),
        transport: transport, clock: clock, now: { noon }, retries: RetryPolicy { 1 })
}

/// A transport that gives answer after answer, then the last one for ever.
func answers(_ responses: HTTPResponse...) -> StubTransport {
    let sequence = AnswerSequence(responses)
    return StubTransport { _ in sequence.next() }
}

/// An answer of a text.
func answer(_ status: Int = 200, _ body: String = "", _ headers: HTTPHeaders = [:]) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
}

/// The body of a request as text.
func bodyText(_ request: HTTPRequest) -> String {
    guard case .bytes(let bytes) = request.body else { return "a stream" }
    return String(decoding: bytes, as: UTF8.self)
}
