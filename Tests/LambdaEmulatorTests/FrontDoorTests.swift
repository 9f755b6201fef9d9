import HTTP
import JSON
import LambdaEmulator
import TestSupport
import Testing

@Suite struct MLflowFrontDoorTests {
    private static let trackingARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/local"
    private static let appARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABC"

    private static func door(
        arn: String = trackingARN, authority: String = "127.0.0.1:5000", _ upstream: StubTransport
    ) throws -> MLflowFrontDoor {
        let now = SignedRequest.signedAt
        return try MLflowFrontDoor(
            arn: arn, authority: authority, upstream: "127.0.0.1:9000", accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "session-token/with+signs==",
            transport: upstream, now: { now })
    }

    @Test(arguments: SignedRequest.all)
    func `A good request is forwarded byte for byte, without its signature, to the upstream's own name`(
        signed: SignedRequest
    ) async throws {
        let upstream = StubTransport { _ in
            HTTPResponse(status: 207, headers: ["X-Up": "1", "Date": "a", "date": "b"], body: [1, 2])
        }
        let door = try Self.door(arn: signed.service == "sagemaker" ? Self.appARN : Self.trackingARN, upstream)
        let response = await door.respond(to: signed.request)
        #expect(response.status == 207)
        #expect(response.headers.values("date") == ["a", "b"])
        #expect(response.body == (signed.request.head.method == .head ? [] : [1, 2]))
        let sent = try #require(upstream.requests.first)
        #expect(sent.authority == "127.0.0.1:9000")
        #expect(sent.path + (sent.query.map { "?\($0)" } ?? "") == signed.request.head.target)
        guard case .bytes(let body) = sent.body else { throw CancellationError() }
        #expect(body == signed.request.body)
        #expect(sent.headers["content-type"] == signed.request.head.headers["content-type"])
        for name in ["authorization", "x-amz-date", "x-amz-security-token", "host", signed.arnHeader] {
            #expect(!sent.headers.contains(name), "\(name)")
        }
        #expect(door.statistics.verified == 1)
        #expect(door.statistics.refused == 0)
    }

    @Test func `Each mode refuses requests signed for the other`() async throws {
        let upstream = StubTransport { _ in HTTPResponse(status: 200) }
        for signed in SignedRequest.all {
            let door = try Self.door(arn: signed.service == "sagemaker" ? Self.trackingARN : Self.appARN, upstream)
            #expect(await door.respond(to: signed.request).status == 403)
        }
        #expect(upstream.requests.isEmpty)
    }

    @Test func `Foreign hosts and origins, another ARN and a missing signature are refused and counted`() async throws {
        let upstream = StubTransport { _ in HTTPResponse(status: 200) }
        let signed = try #require(SignedRequest.all.first)
        #expect(await (try Self.door(authority: "127.0.0.1:5001", upstream)).respond(to: signed.request).status == 403)
        let otherARN = Self.trackingARN + "-other"
        #expect(await (try Self.door(arn: otherARN, upstream)).respond(to: signed.request).status == 403)

        let door = try Self.door(upstream)
        var foreign = signed.request
        foreign.head.headers["origin"] = "https://portal.example.com"
        #expect(await door.respond(to: foreign).status == 403)
        var unsigned = signed.request
        unsigned.head.headers.remove("authorization")
        let response = await door.respond(to: unsigned)
        #expect(response.status == 403)
        #expect(response.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException")
        #expect(try JSONValue(parsing: response.body)["__type"] == "MissingAuthenticationTokenException")
        #expect(door.statistics.refused == 2)
        #expect(upstream.requests.isEmpty)
    }

    @Test(arguments: [
        "a=b+c", "a='", "a=(b)", "a=b*", "a=b!", "a=%2f", "a=%7E", "a=%4", "a=%", "a=b=c", "a=/", "a=b:c",
    ])
    func `A query in any but the strict encoding is 400`(query: String) async throws {
        let upstream = StubTransport { _ in HTTPResponse(status: 200) }
        var signed = try #require(SignedRequest.all.first)
        signed.request.head.target = "/?\(query)"
        #expect(await (try Self.door(upstream)).respond(to: signed.request).status == 400)
        #expect(upstream.requests.isEmpty)
    }

    @Test func `The counts are served without a signature, and an ARN of neither kind is no front door`() async throws {
        let upstream = StubTransport { _ in HTTPResponse(status: 200) }
        let door = try Self.door(upstream)
        let head = ServerRequestHead(method: .get, target: MLflowFrontDoor.statisticsPath, headers: ["Host": "any"])
        let response = await door.respond(to: ServerRequest(head: head))
        #expect(try JSONValue(parsing: response.body)["verified"] == 0)
        #expect(throws: LocalError.self) { try Self.door(arn: "arn:aws:s3:::bucket", upstream) }
    }

    @Test func `An upstream that does not answer is a 502 with a reason`() async throws {
        let upstream = StubTransport { throw TransportError(.connect, "nobody listens", request: $0) }
        let signed = try #require(SignedRequest.all.first)
        let response = await (try Self.door(upstream)).respond(to: signed.request)
        #expect(response.status == 502)
        #expect(String(decoding: response.body, as: UTF8.self).contains("nobody listens"))
    }
}
