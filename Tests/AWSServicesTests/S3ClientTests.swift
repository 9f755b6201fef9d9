import AWSCore
import AWSServices
import AWSSigning
import HTTP
import TestSupport
import Testing

@Suite struct S3ClientTests {
    private let place = S3Location(bucket: "data", key: "a b/c+d/ü'()*")
    private let dotted = S3Location(bucket: "data.example", key: "a b")

    private func s3(
        _ transport: StubTransport, sessionToken: String? = nil, environment: [String: String] = [:]
    ) throws -> S3Client {
        S3Client(
            try awsClient(
                .s3, transport, .xml, signing: .s3, sessionToken: sessionToken, environment: environment))
    }

    private func error(_ code: String, _ message: String = "", _ more: String = "") -> String {
        "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>\(message)</Message>\(more)"
            + "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    }

    @Test(arguments: [
        "HeadObject", "HeadObject by path", "HeadBucket", "PutObject", "CreateMultipartUpload", "UploadPart",
        "CompleteMultipartUpload", "AbortMultipartUpload",
    ])
    func requestsAreThoseOfBotocore(operation: String) async throws {
        let transport = answers(answer())
        let s3 = try s3(transport)
        switch operation {
        case "HeadObject": _ = try? await s3.head(place)
        case "HeadObject by path": _ = try? await s3.head(dotted)
        case "HeadBucket": try await s3.headBucket("data")
        case "PutObject":
            try await s3.put(
                place, body: Array("hello".utf8), headers: ["content-type": "text/plain", "if-none-match": "*"])
        case "CreateMultipartUpload":
            _ = try? await s3.createMultipartUpload(place, headers: ["content-type": "text/css"])
        case "UploadPart":
            _ = try? await s3.uploadPart(place, uploadID: "id+/=", number: 7, body: Array("part".utf8))
        case "CompleteMultipartUpload":
            try await s3.completeMultipartUpload(
                place, uploadID: "id+/=",
                parts: [S3Part(number: 2, entityTag: "\"b2\""), S3Part(number: 1, entityTag: "\"a1\"")])
        default: try await s3.abortMultipartUpload(place, uploadID: "id+/=")
        }
        let request = try #require(transport.requests.first)
        #expect(try WireForms.block("s3 \(operation)", request) == WireForms.botocore("s3 \(operation)"))
        #expect(request.headers["x-amz-content-sha256"]?.count == 64)
    }

    @Test func anEndpointOfAVariableIsAddressedByPath() async throws {
        let transport = answers(answer())
        let s3 = try s3(transport, environment: ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000/base/"])
        try await s3.headBucket("data")
        try await s3.put(place, body: [])
        #expect(
            transport.requests.map(\.url) == [
                "http://127.0.0.1:9000/base/data",
                "http://127.0.0.1:9000/base/data/a%20b/c%2Bd/%C3%BC%27%28%29%2A",
            ])
    }

    @Test(
        arguments: [
            ("cn-north-1", [:], "data.s3.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", [:], "data.s3.eusc-de-east-1.amazonaws.eu"),
            ("us-gov-west-1", ["AWS_USE_FIPS_ENDPOINT": "true"], "data.s3-fips.us-gov-west-1.amazonaws.com"),
            ("us-east-1", ["AWS_USE_DUALSTACK_ENDPOINT": "true"], "data.s3.dualstack.us-east-1.amazonaws.com"),
        ] as [(String, [String: String], String)])
    func everyPartitionHasBucketsBelowItsHost(region: String, environment: [String: String], host: String) async throws
    {
        let transport = answers(answer())
        let client = try awsClient(
            .s3, transport, .xml, signing: .s3, region: region, environment: environment)
        try await S3Client(client).headBucket("data")
        #expect(transport.requests.map(\.authority) == [host])
    }

    @Test func keysAreTakenAsTheyAre() async throws {
        let transport = answers(answer())
        let s3 = try s3(transport)
        for key in ["/a//b", "../x", "a%2Fb?c#d"] { try await s3.put(S3Location(bucket: "data", key: key), body: []) }
        #expect(transport.requests.map(\.path) == ["//a//b", "/../x", "/a%252Fb%3Fc%23d"])
    }

    @Test func anObjectThatIsThereIsDescribed() async throws {
        let headers: HTTPHeaders = [
            "Content-Length": "5368709120", "Content-Type": "text/plain", "ETag": "\"a1\"", "x-amz-meta-a": "b",
        ]
        let object = try #require(try await s3(answers(answer(200, "", headers))).head(place))
        #expect(
            object == S3Object(size: 5_368_709_120, contentType: "text/plain", entityTag: "\"a1\"", headers: headers))
    }

    @Test func anObjectThatIsNotThereIsNil() async throws {
        #expect(try await s3(answers(answer(404))).head(place) == nil)
    }

    @Test func aRefusedLookSaysWhatItMayMean() async throws {
        let s3 = try s3(answers(answer(403, "", ["x-amz-request-id": "R1"])))
        let error = await #expect(throws: ServiceError.self) { try await s3.head(dotted) }
        #expect(
            error?.description
                == "s3 HeadObject failed: HTTP 403 (403): s3://data.example/a b: access is refused. Without "
                + "s3:ListBucket on the bucket, S3 says so of a missing object too. [request R1]")
    }

    @Test func aMissingBucketIsAnError() async throws {
        let s3 = try s3(answers(answer(404)))
        let error = await #expect(throws: ServiceError.self) { try await s3.headBucket("data") }
        #expect(error?.description == "s3 HeadBucket failed: HTTP 404 (404): s3://data: there is no such bucket.")
    }

    @Test func aBucketOfAnotherRegionIsNamedWithItsRegion() async throws {
        let malformed = error(
            "AuthorizationHeaderMalformed", "the region 'eu-central-1' is wrong", "<Region>us-west-2</Region>")
        for response in [
            answer(301, "", ["x-amz-bucket-region": "us-west-2"]),
            answer(400, "", ["x-amz-bucket-region": "us-west-2"]),
            answer(400, malformed),
            answer(301, error("PermanentRedirect", "use another"), ["x-amz-bucket-region": "us-west-2"]),
        ] {
            let transport = answers(response)
            let s3 = try s3(transport)
            let error = await #expect(throws: ServiceError.self) { try await s3.put(dotted, body: []) }
            #expect(
                error?.message
                    == "s3://data.example/a b: the bucket is in the region us-west-2, but was looked for in "
                    + "eu-central-1; use a bucket of eu-central-1.")
            #expect(transport.requests.count == 1)
        }
    }

    @Test func aRedirectionIsAnError() async throws {
        let s3 = try s3(answers(answer(307, error("TemporaryRedirect"), ["location": "https://elsewhere.test/"])))
        let error = await #expect(throws: ServiceError.self) { try await s3.put(dotted, body: []) }
        #expect(error?.status == 307)
        #expect(error?.code == "TemporaryRedirect")
    }

    @Test func anErrorWithTheStatus200IsTriedAgainAndThenThrown() async throws {
        let parts = [S3Part(number: 1, entityTag: "\"a\"")]
        let failure = answer(200, "  \n" + error("InternalError", "We encountered an internal error."))
        let success = answer(200, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")
        let transport = answers(failure, success)
        try await s3(transport).completeMultipartUpload(place, uploadID: "1", parts: parts)
        #expect(transport.requests.count == 2)
        let failing = try s3(answers(answer(200, error("InvalidPart", "One is missing."))))
        let error = await #expect(throws: ServiceError.self) {
            try await failing.completeMultipartUpload(dotted, uploadID: "1", parts: parts)
        }
        #expect(
            error?.description
                == "s3 CompleteMultipartUpload failed: InvalidPart (200): s3://data.example/a b: One is missing. "
                + "[request 4442587FB7D0A2F9]")
    }

    @Test func anUploadGivesItsIDAndItsEntityTags() async throws {
        let began =
            "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>data</Bucket>"
            + "<Key>k</Key><UploadId>VXBsb2Fk</UploadId></InitiateMultipartUploadResult>"
        let s3 = try s3(answers(answer(200, began), answer(200, "", ["ETag": "\"a1\""])))
        #expect(try await s3.createMultipartUpload(place) == "VXBsb2Fk")
        #expect(try await s3.uploadPart(place, uploadID: "VXBsb2Fk", number: 1, body: [1]) == "\"a1\"")
    }

    @Test func anAnswerWithoutWhatIsNeededIsAnError() async throws {
        let s3 = try s3(answers(answer(200, "<html>")))
        let error = await #expect(throws: UnexpectedAnswer.self) { try await s3.createMultipartUpload(place) }
        #expect(
            error?.description == "s3 CreateMultipartUpload was accepted, but the answer has no upload id.")
        await #expect(throws: UnexpectedAnswer.self) {
            try await s3.uploadPart(place, uploadID: "1", number: 1, body: [])
        }
        await #expect(throws: UnexpectedAnswer.self) { try await s3.head(place) }
    }

    @Test func anUploadThatIsGoneCanBeAborted() async throws {
        try await s3(answers(answer(404, error("NoSuchUpload")))).abortMultipartUpload(place, uploadID: "1")
        await #expect(throws: ServiceError.self) {
            try await s3(answers(answer(404, error("NoSuchBucket")))).abortMultipartUpload(place, uploadID: "1")
        }
    }

    @Test func aLargeUploadHasMoreTime() async throws {
        let transport = answers(answer())
        try await s3(transport).put(place, body: [UInt8](repeating: 0, count: 8 << 20))
        #expect(transport.options.first?.timeout == .seconds(38))
    }

    @Test func callsThatWouldMeanSomethingElseAreNotMade() async throws {
        let transport = answers(answer())
        let s3 = try s3(transport)
        // Without a key these would be about the bucket.
        let noKey = S3Location(bucket: "data", key: "")
        await #expect(throws: S3ArgumentError.self) { try await s3.put(noKey, body: []) }
        await #expect(throws: S3ArgumentError.self) {
            try await s3.presignedURL(.delete, noKey, expiresIn: .seconds(60))
        }
        await #expect(throws: S3ArgumentError.self) {
            try await s3.put(S3Location(bucket: "data", key: String(repeating: "k", count: 1025)), body: [])
        }
        for bucket in ["", "..", "a/b", "evil.test#", "ab", "data-", "arn:aws:s3:::data"] {
            await #expect(throws: S3ArgumentError.self) { try await s3.headBucket(bucket) }
        }
        for number in [0, 10_001] {
            await #expect(throws: S3ArgumentError.self) {
                try await s3.uploadPart(place, uploadID: "1", number: number, body: [])
            }
        }
        await #expect(throws: S3ArgumentError.self) {
            try await s3.completeMultipartUpload(place, uploadID: "1", parts: [])
        }
        for life in [Duration.zero, .seconds(604_801)] {
            await #expect(throws: S3ArgumentError.self) { try await s3.presignedURL(.get, place, expiresIn: life) }
        }
        await #expect(throws: TransportError.self) {
            try await s3.presignedURL(.put, place, headers: ["x-a": "b\r\nc: d"], expiresIn: .seconds(60))
        }
        #expect(transport.requests.isEmpty)
    }

    /// `generate_presigned_url` of botocore for the same time and credentials gives the same signature.
    @Test func aPresignedURLIsThatOfBotocore() async throws {
        let url = try await s3(answers(answer()), sessionToken: "tok+/=").presignedURL(
            .get, place, query: [("response-content-disposition", "attachment; filename=\"ü b\"")],
            expiresIn: .seconds(3_600))
        let ours = url.split(separator: "?").map(String.init)
        let theirs = try WireForms.botocore("s3 presigned GetObject").split(separator: "\n")[1].dropFirst("GET ".count)
            .split(separator: "?").map(String.init)
        #expect(ours.first == theirs.first)
        #expect(try #require(ours.last).split(separator: "&").sorted() == theirs.last?.split(separator: "&").sorted())
    }
}
