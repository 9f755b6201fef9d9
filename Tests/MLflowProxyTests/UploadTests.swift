import HTTP
import JSON
import LambdaEvents
import Synchronization
import TestSupport
import Testing

@testable import MLflowProxy

@Suite struct UploadTests {
    private static let artifacts = "s3://artifacts/team/1/0af7651916cd43dd/artifacts"

    /// A proxy before an MLflow whose run has its artifacts at a place, and before S3.
    private static func fixture(
        artifacts: String = artifacts, stage: String = "active", s3: HTTPResponse? = nil
    ) -> Fixture {
        var fixture = Fixture { request in
            if request.authority.contains(".s3.") {
                return s3
                    ?? HTTPResponse(
                        status: 200, headers: ["etag": "\"e\""],
                        body: Array("<R><UploadId>upload-1</UploadId><ETag>\"e\"</ETag></R>".utf8))
            }
            let info: JSONValue = ["artifact_uri": .string(artifacts), "lifecycle_stage": .string(stage)]
            if request.path == "/api/2.0/mlflow/runs/get", request.query == "run_id=run1" {
                return HTTPResponse(status: 200, body: (["run": ["info": info]] as JSONValue).encoded)
            }
            if request.path == "/api/2.0/mlflow/logged-models/m-1" {
                return HTTPResponse(status: 200, body: (["model": ["info": info]] as JSONValue).encoded)
            }
            return HTTPResponse(
                status: 404,
                body: Array(#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run 'x' not found"}"#.utf8))
        }
        fixture.configuration.uploadLocations = [UploadLocation("s3://artifacts/team/")].compactMap(\.self)
        return fixture
    }

    private static func post(
        _ body: JSONValue, _ step: String = "", headers: HTTPHeaders = ["content-type": "application/json"]
    ) -> ALBTargetRequest {
        .example(.post, "/_proxy/uploads\(step)", headers: headers, body: body.description)
    }

    private static func parameters(of url: String) throws -> [String: String] {
        let query = try #require(URLParts(url)?.query)
        return Dictionary(
            query.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                return (
                    parts[0], String(decoding: PercentEncoding.decode(parts.count > 1 ? parts[1] : ""), as: UTF8.self)
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: At once

    @Test func aSmallArtifactGetsOneURL() async throws {
        let fixture = Self.fixture()
        let answer = try await fixture.answer(
            Self.post(["run_id": "run1", "path": "data/ünï 1+2.bin", "size": 11, "content_type": "text/csv"]))
        #expect(answer.status == 200)
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.json?["method"] == "PUT")
        #expect(answer.json?["location"]?.string == "\(Self.artifacts)/data/ünï 1+2.bin")
        #expect(answer.json?["headers"] == ["content-type": "text/csv"])
        #expect(answer.json?["expires_in"] == 900)
        let url = try #require(answer.json?["url"]?.string)
        #expect(
            url.hasPrefix(
                "https://artifacts.s3.eu-central-1.amazonaws.com/team/1/0af7651916cd43dd/artifacts/data/"
                    + "%C3%BCn%C3%AF%201%2B2.bin?"))
        let parameters = try Self.parameters(of: url)
        #expect(parameters["X-Amz-Expires"] == "900")
        // Neither more nor other bytes than were announced.
        #expect(parameters["X-Amz-SignedHeaders"] == "content-length;content-type;host")
        // Nothing but the question where the run's artifacts are went out.
        #expect(fixture.transport.requests.map(\.path) == ["/api/2.0/mlflow/runs/get"])
        #expect(!fixture.log.text.contains("X-Amz-Signature"))
    }

    @Test func aLoggedModelHasArtifactsToo() async throws {
        let answer = try await Self.fixture().answer(Self.post(["model_id": "m-1", "path": "model.pkl", "size": 0]))
        #expect(answer.json?["location"]?.string == "\(Self.artifacts)/model.pkl")
    }

    // MARK: In parts

    @Test func aLargeArtifactGoesUpInParts() async throws {
        let fixture = Self.fixture()
        let size = 200 << 20
        let answer = try await fixture.answer(
            Self.post(["run_id": "run1", "path": "big.bin", "size": .integer(size), "content_type": "x/y"]))
        #expect(answer.status == 200)
        #expect(answer.json?["upload_id"] == "upload-1")
        #expect(answer.json?["part_size"]?.integer == 32 << 20)
        let parts = try #require(answer.json?["parts"]?.array)
        #expect(answer.json?["part_count"]?.integer == 7)
        #expect(parts.compactMap { $0["number"]?.integer } == Array(1...7))
        #expect(parts.compactMap { $0["size"]?.integer }.reduce(0, +) == Int64(size))
        for part in parts {
            let parameters = try Self.parameters(of: try #require(part["url"]?.string))
            #expect(parameters["partNumber"] == part["number"]?.integer.map { "\($0)" })
            #expect(parameters["uploadId"] == "upload-1")
            #expect(parameters["X-Amz-SignedHeaders"] == "content-length;host")
        }
        let begun = try #require(fixture.transport.requests.last)
        #expect(begun.method == .post && begun.query == "uploads=" || begun.query == "uploads")
        #expect(begun.headers["content-type"] == "x/y")
    }

    @Test func furtherURLsAreGivenInPortionsThatFit() async throws {
        let fixture = Self.fixture()
        let size = 5 << 40
        let first = try await fixture.answer(
            Self.post(["run_id": "run1", "path": "huge.bin", "size": .integer(size)]))
        let count = try #require(first.json?["part_count"]?.integer)
        #expect((9_000...10_000).contains(count))
        #expect(first.json?["parts"]?.array?.count == 100)
        let more = try await fixture.answer(
            Self.post(
                [
                    "run_id": "run1", "path": "huge.bin", "size": .integer(size), "upload_id": "upload-1",
                    "first": .integer(count - 1),
                ], "/parts"))
        #expect(more.json?["parts"]?.array?.compactMap { $0["number"]?.integer } == [count - 1, count])
    }

    @Test func theArtifactIsMadeOfAllItsParts() async throws {
        let fixture = Self.fixture()
        let parts: JSONValue = [["number": 2, "etag": "\"b\""], ["number": 1, "etag": "\"a\""]]
        let body: JSONValue = [
            "run_id": "run1", "path": "big.bin", "size": .integer(40 << 20), "upload_id": "upload-1", "parts": parts,
        ]
        let answer = try await fixture.answer(Self.post(body, "/complete"))
        #expect(answer.status == 200)
        #expect(answer.json?["size"]?.integer == 40 << 20)
        let sent = try #require(fixture.transport.requests.last)
        #expect(sent.method == .post && sent.query == "uploadId=upload-1")
        guard case .bytes(let bytes) = sent.body else { Issue.record("the body is a stream"); return }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("<ETag>\"a\"</ETag><PartNumber>1</PartNumber></Part><Part><ETag>\"b\"</ETag>"))
    }

    @Test func anUploadIsGivenUp() async throws {
        let fixture = Self.fixture(s3: HTTPResponse(status: 204))
        let answer = try await fixture.answer(
            Self.post(["run_id": "run1", "path": "big.bin", "upload_id": "upload-1"], "/abort"))
        #expect(answer.status == 200)
        let sent = try #require(fixture.transport.requests.last)
        #expect(sent.method == .delete && sent.query == "uploadId=upload-1")
    }

    @Test(
        arguments: [
            [["number": 1, "etag": "\"a\""]], [["number": 1, "etag": "a"], ["number": 1, "etag": "b"]],
            [["number": 1, "etag": "a"], ["number": 3, "etag": "b"]], [["number": 1, "etag": "a"], ["number": 2]],
            [["number": 1, "etag": "a"], ["number": 2, "etag": "b\n"]], [],
        ] as [JSONValue])
    func anArtifactWithAHoleIsNotMade(parts: JSONValue) async throws {
        let fixture = Self.fixture()
        let body: JSONValue = [
            "run_id": "run1", "path": "big.bin", "size": .integer(40 << 20), "upload_id": "upload-1", "parts": parts,
        ]
        let answer = try await fixture.answer(Self.post(body, "/complete"))
        #expect(answer.status == 400)
        #expect(answer.json?["error_code"] == "INVALID_PARAMETER_VALUE")
        #expect(!fixture.transport.requests.contains { $0.authority.contains(".s3.") })
    }

    @Test func whatS3SaysOfAnUploadIsPassedOnInItsStatus() async throws {
        for (code, status) in [
            ("NoSuchUpload", 404), ("InvalidPart", 400), ("EntityTooSmall", 400), ("AccessDenied", 502),
        ] {
            let body = "<Error><Code>\(code)</Code><Message>arn:aws:iam::1:role/secret</Message></Error>"
            let fixture = Self.fixture(
                s3: HTTPResponse(status: code == "AccessDenied" ? 403 : 400, body: Array(body.utf8)))
            let answer = try await fixture.answer(
                Self.post(
                    [
                        "run_id": "run1", "path": "a", "size": 1, "upload_id": "u",
                        "parts": [["number": 1, "etag": "e"]],
                    ], "/complete"))
            #expect(answer.status == status, "\(code)")
            #expect(!answer.message.contains("secret"))
        }
    }

    // MARK: Where nothing goes

    @Test(arguments: [
        "../x", "a/../../x", "/x", "a//b", "a/", ".", "a/./b", "%2e%2e/x", "a/%2E%2E/b", "%252e%252e/x", "a\\b",
        "a\nb", "a\u{0}b", "", "..%2fx", String(repeating: "x", count: 1_100),
    ])
    func aPathThatLeavesTheRunsArtifactsIsRefused(path: String) async throws {
        let fixture = Self.fixture()
        let answer = try await fixture.answer(Self.post(["run_id": "run1", "path": .string(path), "size": 1]))
        #expect(answer.status == 400)
        #expect(answer.json?["error_code"] == "INVALID_PARAMETER_VALUE")
        #expect(answer.json?["url"] == nil)
    }

    @Test(arguments: [
        "s3://artifacts/other/1/artifacts", "s3://artifacts/teammates/1", "s3://other/team/1/artifacts",
        "s3://artifacts",
        "s3://artifacts/team/../secret", "s3://artifacts/team/%2e%2e/secret", "s3://artifacts/team/?x=",
        "s3://artifacts/team#/x",
        "S3://artifacts/team/1", "mlflow-artifacts:/1/artifacts", "file:///artifacts/team", "https://artifacts/team/1",
        "s3:///team/1",
        "s3://user@artifacts/team/1", "s3://artifacts:80/team/1", "s3://artifacts//team/1",
    ])
    func artifactsElsewhereAreNotSignedFor(artifacts: String) async throws {
        let fixture = Self.fixture(artifacts: artifacts)
        let answer = try await fixture.answer(Self.post(["run_id": "run1", "path": "x", "size": 1]))
        #expect(answer.status == 403 || answer.status == 400)
        #expect(answer.json?["url"] == nil)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test func withoutALocationThereAreNoUploads() async throws {
        var fixture = Self.fixture()
        fixture.configuration.uploadLocations = []
        let answer = try await fixture.answer(Self.post(["run_id": "run1", "path": "x", "size": 1]))
        #expect(answer.status == 404)
        #expect(answer.message.contains("PROXY_UPLOAD_LOCATIONS"))
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func aRunThatIsNotThereOrDeletedGetsNothing() async throws {
        let missing = try await Self.fixture().answer(Self.post(["run_id": "x", "path": "a", "size": 1]))
        #expect(missing.status == 404)
        #expect(missing.json?["error_code"] == "RESOURCE_DOES_NOT_EXIST")
        #expect(missing.message == "Run 'x' not found")
        let deleted = try await Self.fixture(stage: "deleted")
            .answer(Self.post(["run_id": "run1", "path": "a", "size": 1]))
        #expect(deleted.status == 400)
        #expect(deleted.json?["error_code"] == "INVALID_STATE")
    }

    @Test(
        arguments: [
            ["path": "a", "size": 1], ["run_id": "run1", "model_id": "m-1", "path": "a", "size": 1],
            ["run_id": "../x", "path": "a", "size": 1], ["run_id": "a&b", "path": "a", "size": 1],
            ["run_id": 1, "path": "a", "size": 1],
            ["run_id": "run1", "size": 1], ["run_id": "run1", "path": 7, "size": 1], ["run_id": "run1", "path": "a"],
            ["run_id": "run1", "path": "a", "size": -1], ["run_id": "run1", "path": "a", "size": .number("1.5")],
            ["run_id": "run1", "path": "a", "size": "1"], ["run_id": "run1", "path": "a", "size": 6_000_000_000_000],
            ["run_id": "run1", "path": "a", "size": 6_000_000_000, "multipart": false],
            ["run_id": "run1", "path": "a", "size": 1, "multipart": "no"],
            ["run_id": "run1", "path": "a", "size": 1, "content_type": "a/b\r\nx: y"], ["not", "an object"],
        ] as [JSONValue])
    func whatMakesNoSenseIsExplained(body: JSONValue) async throws {
        let answer = try await Self.fixture().answer(Self.post(body))
        #expect(answer.status == 400)
        #expect(answer.json?["error_code"] == "INVALID_PARAMETER_VALUE")
        #expect(answer.message.hasSuffix("."))
    }

    @Test(
        arguments: [
            ["run_id": "run1", "path": "a", "size": 1, "upload_id": "u", "first": 2],
            ["run_id": "run1", "path": "a", "size": 1, "upload_id": "u", "first": 0],
            ["run_id": "run1", "path": "a", "size": 1, "upload_id": "u", "count": 101],
            ["run_id": "run1", "path": "a", "size": 1, "upload_id": "u\n"], ["run_id": "run1", "path": "a", "size": 1],
        ] as [JSONValue])
    func partsThatThereAreNotGetNoURL(body: JSONValue) async throws {
        #expect(try await Self.fixture().answer(Self.post(body, "/parts")).status == 400)
    }

    // MARK: Who may

    @Test func aReadOnlyProxyTakesNothing() async throws {
        var fixture = Self.fixture()
        fixture.configuration.access = .readOnly
        for step in ["", "/parts", "/complete", "/abort"] {
            let answer = try await fixture.answer(Self.post(["run_id": "run1", "path": "a", "size": 1], step))
            #expect(answer.status == 403)
            #expect(answer.message.contains("PROXY_ACCESS of this proxy is read-only"))
        }
        #expect(fixture.transport.requests.isEmpty)
        fixture.configuration.access = .noDelete
        #expect(try await fixture.answer(Self.post(["run_id": "run1", "path": "a", "size": 1])).status == 200)
    }

    @Test func aPageOfAnotherSiteStartsNoUpload() async throws {
        let fixture = Self.fixture()
        let body: JSONValue = ["run_id": "run1", "path": "a", "size": 1]
        let foreign: [HTTPHeaders] = [
            ["content-type": "application/json", "origin": "https://evil.example"],
            ["content-type": "application/json", "sec-fetch-site": "cross-site"],
        ]
        for headers in foreign { #expect(try await fixture.answer(Self.post(body, headers: headers)).status == 403) }
        for headers in [["content-type": "text/plain"], [:]] as [HTTPHeaders] {
            #expect(try await fixture.answer(Self.post(body, headers: headers)).status == 400)
        }
        #expect(fixture.transport.requests.isEmpty)
    }

    @Test func whoIsNotSignedInGetsNoURL() async throws {
        let fixture = try SignInFixture()
        #expect(try await fixture.answer(Self.post(["run_id": "run1", "path": "a", "size": 1])).status == 401)
        #expect(fixture.upstream.isEmpty)
    }

    @Test(arguments: [HTTPMethod.get, .put, .delete, .head])
    func uploadsAreForPOST(method: HTTPMethod) async throws {
        let answer = try await Self.fixture().answer(.example(method, "/_proxy/uploads"))
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "POST")
    }

    // MARK: The plan

    @Test func everyPlanIsOneThatS3Takes() {
        var random = SeededGenerator(seed: 23)
        let sizes =
            [0, 1, (32 << 20) - 1, 32 << 20, (32 << 20) + 1, UploadPlan.largest]
            + (0..<2_000).map { _ in
                Int.random(in: 0...UploadPlan.largest, using: &random) >> Int.random(in: 0...30, using: &random)
            }
        for size in sizes {
            let plan = UploadPlan(size: size)
            #expect((1...10_000).contains(plan.partCount))
            #expect((5 << 20...5 << 30).contains(plan.partSize))
            let last = plan.size(ofPart: plan.partCount)
            #expect((plan.partCount - 1) * plan.partSize + last == size)
            #expect(last > 0 || size == 0)
        }
    }

    @Test(arguments: [
        ("s3://b-1/p/q", "b-1", "p/q/"), ("s3://b-1", "b-1", ""), ("s3://b-1/", "b-1", ""),
        ("s3://b.c/p//", "b.c", "p/"),
    ])
    func aLocationIsAPlaceInABucket(text: String, bucket: String, prefix: String) throws {
        let location = try #require(UploadLocation(text))
        #expect(location.bucket == bucket && location.prefix == prefix)
    }

    @Test(arguments: [
        "", "b", "s3://", "s3://b/p", "s3:///p", "https://bucket/p", "s3://bucket/../p", "s3://BUCKET/p",
        "s3://bucket/a//b",
    ])
    func whatIsNoPlaceIsNoLocation(text: String) {
        #expect(UploadLocation(text) == nil)
    }
}
