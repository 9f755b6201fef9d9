import AWSSigning
import HTTP
import JSON
import LambdaEmulator
import Synchronization
import Testing
import Timestamps

@Suite struct InvokeEndpointTests {
    private static let now = Timestamp(secondsSinceEpoch: 1_795_233_600)
    private static let credentials = Credentials(
        accessKeyID: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token")

    private final class Taken: Sendable {
        let events = Mutex<[String]>([])
        func take(_ event: [UInt8]) -> String {
            events.withLock { events in
                events.append(String(decoding: event, as: UTF8.self))
                return "request-\(events.count)"
            }
        }
    }

    private let taken = Taken()

    private func endpoint(
        throttles: Int = 0, other: (@Sendable (ServerRequest) async -> ServerResponse)? = nil
    ) -> InvokeEndpoint {
        let verifier = SignatureVerifier(
            .init(
                accessKeyID: "ASIAEXAMPLE", secretAccessKey: "secret", sessionToken: "token", region: "us-east-1",
                service: "lambda"), now: { Self.now })
        return InvokeEndpoint(
            functionARN: functionARN, verifier: verifier, throttles: throttles, other: other, log: { _ in },
            accept: { [taken] in taken.take($0) })
    }

    /// A call as our own signer sends it.
    private func call(
        _ body: String, function: String = functionARN, type: String? = "Event", service: String = "lambda"
    ) -> ServerRequest {
        var headers: HTTPHeaders = [:]
        headers["X-Amz-Invocation-Type"] = type
        let request = HTTPRequest(
            .post, scheme: "http", authority: "127.0.0.1:4000",
            path: "/2015-03-31/functions/\(PercentEncoding.encode(function))/invocations", headers: headers,
            body: .bytes(Array(body.utf8)))
        let signed = SigV4Signer(region: "us-east-1", service: service)
            .sign(request, with: Self.credentials, at: Self.now)
        var sent = signed.headers
        sent.append("Host", signed.authority)
        let head = ServerRequestHead(method: .post, target: signed.path, headers: sent)
        return ServerRequest(head: head, body: Array(body.utf8))
    }

    @Test(arguments: [functionARN, functionARN + ":$LATEST", "thing"])
    func `A signed event for the function is taken, and its hand-over counted`(function: String) async {
        let endpoint = endpoint()
        let event = #"{"CustomResourceHandover":{"hop":3,"event":{}}}"#
        let response = await endpoint.respond(to: call(event, function: function))
        #expect(response.status == 202)
        #expect(response.headers["x-amzn-requestid"] == "request-1")
        #expect(response.body.isEmpty)
        #expect(taken.events.withLock { $0 } == [event])
        #expect(endpoint.accepted == 1)
        #expect(endpoint.deepestHop == 3)
    }

    @Test func `Any other call goes to whoever else answers, and an invocation does not`() async {
        let endpoint = endpoint { ServerResponse(status: 299, body: Array($0.head.target.utf8)) }
        let list = ServerRequest(head: ServerRequestHead(method: .get, target: "/2015-03-31/functions/?MaxItems=50"))
        let response = await endpoint.respond(to: list)
        #expect(response.status == 299)
        #expect(response.body == Array("/2015-03-31/functions/?MaxItems=50".utf8))
        #expect(await endpoint.respond(to: call("{}")).status == 202)
        #expect(endpoint.accepted == 1)
        #expect(endpoint.refusals.isEmpty)
    }

    @Test func `What Lambda refuses is refused with its type, and goes nowhere`() async {
        let endpoint = endpoint()
        var unsigned = call("{}")
        unsigned.head.headers.remove("authorization")
        var changed = call("{}")
        changed.body = Array("[]".utf8)
        let calls: [(ServerRequest, Int, String)] = [
            (unsigned, 403, "MissingAuthenticationTokenException"), (changed, 403, "InvalidSignatureException"),
            (call("{}", service: "sagemaker"), 403, "InvalidSignatureException"),
            (call("{}", function: functionARN + "-2"), 404, "ResourceNotFoundException"),
            (call("{}", function: functionARN + ":9"), 404, "ResourceNotFoundException"),
            (call("{}", type: nil), 400, "InvalidParameterValueException"),
            (call("{}", type: "RequestResponse"), 400, "InvalidParameterValueException"),
            (call("{"), 400, "InvalidRequestContentException"),
            (
                call("\"" + String(repeating: "a", count: InvokeEndpoint.maximumPayloadBytes - 1) + "\""), 413,
                "RequestTooLargeException"
            ),
        ]
        for (request, status, type) in calls {
            let response = await endpoint.respond(to: request)
            #expect(response.status == status, "\(type)")
            #expect(response.headers["x-amzn-errortype"] == type)
        }
        #expect(endpoint.accepted == 0)
        #expect(endpoint.refusals.count == calls.count)
        #expect(taken.events.withLock { $0.isEmpty })
        let largest = "\"" + String(repeating: "a", count: InvokeEndpoint.maximumPayloadBytes - 2) + "\""
        #expect(await endpoint.respond(to: call(largest)).status == 202)
    }

    @Test func `The first calls are throttled when told so`() async {
        let endpoint = endpoint(throttles: 2)
        var answers: [Int] = []
        for _ in 0..<3 { answers.append(await endpoint.respond(to: call("{}")).status) }
        #expect(answers == [429, 429, 202])
        #expect(endpoint.refusals.isEmpty)
    }
}
