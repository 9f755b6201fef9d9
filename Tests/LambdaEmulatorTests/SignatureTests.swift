import Foundation
import HTTP
import JSON
import LambdaEmulator
import Testing
import Timestamps

/// Requests that botocore 1.43 signed at 2026-11-21T04:00:00Z, in both modes.
struct SignedRequest: CustomTestStringConvertible {
    var service: String
    var request: ServerRequest

    var testDescription: String { "\(service) \(request.head.method) \(request.head.target)" }

    static let all: [SignedRequest] = {
        guard let url = Bundle.module.url(forResource: "Fixtures/botocore-signed", withExtension: "json"),
            let data = try? Data(contentsOf: url), let cases = (try? JSONValue(parsing: [UInt8](data)))?.array
        else { return [] }
        return cases.map { item in
            let headers = (item["headers"]?.array ?? []).map { pair in
                HTTPHeaders.Field(name: pair.array?[0].string ?? "", value: pair.array?[1].string ?? "")
            }
            let head = ServerRequestHead(
                method: HTTPMethod(rawValue: item["method"]?.string ?? ""), target: item["target"]?.string ?? "",
                headers: HTTPHeaders(headers))
            let body = Data(base64Encoded: item["body"]?.string ?? "") ?? Data()
            return SignedRequest(
                service: item["service"]?.string ?? "", request: ServerRequest(head: head, body: [UInt8](body)))
        }
    }()

    static let signedAt = Timestamp(secondsSinceEpoch: 1_795_233_600)

    var arnHeader: String {
        service == "sagemaker" ? "x-sm-mlflow-app-arn" : "x-mlflow-sm-tracking-server-arn"
    }

    func verifier(
        secret: String = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token: String? = "session-token/with+signs==",
        region: String = "us-east-1", service: String? = nil, after: Duration = .zero
    ) -> SignatureVerifier {
        let now = Self.signedAt + after
        return SignatureVerifier(
            .init(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token, region: region,
                service: service ?? self.service, requiredHeaders: [arnHeader]), now: { now })
    }
}

@Suite struct SignatureTests {
    @Test func `The vectors are there`() {
        #expect(SignedRequest.all.count == 16)
        #expect(SignedRequest.signedAt.iso8601Basic == "20261121T040000Z")
    }

    @Test(arguments: SignedRequest.all)
    func `What botocore signed is let in`(signed: SignedRequest) {
        #expect(signed.verifier().problem(with: signed.request) == nil)
    }

    @Test(arguments: SignedRequest.all)
    func `A change to any part of a signed request is noticed`(signed: SignedRequest) {
        var changes: [(String, ServerRequest)] = []
        func change(_ name: String, _ edit: (inout ServerRequest) -> Void) {
            var changed = signed.request
            edit(&changed)
            changes.append((name, changed))
        }
        change("method") { $0.head.method = HTTPMethod(rawValue: "PATCH") }
        change("path") { $0.head.target = "/x" + $0.head.target }
        change("query") { $0.head.target += $0.head.target.contains("?") ? "&z=1" : "?z=1" }
        change("body") { $0.body.append(0x20) }
        change("signature") { request in
            let value = request.head.headers["authorization"] ?? ""
            request.head.headers["authorization"] = value.dropLast() + (value.hasSuffix("0") ? "1" : "0")
        }
        for field in signed.request.head.headers where !HTTPHeaders.sameName(field.name, "authorization") {
            change("header \(field.name)") { $0.head.headers[field.name] = field.value + "x" }
            change("no header \(field.name)") { $0.head.headers.remove(field.name) }
        }
        for (name, request) in changes {
            #expect(signed.verifier().problem(with: request) != nil, "\(name)")
        }
    }

    @Test func `Another key, token, region or service is refused, each with the type AWS uses`() throws {
        let signed = try #require(SignedRequest.all.first)
        let request = signed.request
        #expect(signed.verifier(secret: "other").problem(with: request)?.type == "InvalidSignatureException")
        #expect(signed.verifier(token: nil).problem(with: request)?.type == "UnrecognizedClientException")
        #expect(
            signed.verifier(region: "eu-west-1").problem(with: request)?.message.contains("valid region") == true)
        #expect(
            signed.verifier(service: "s3").problem(with: request)?.message.contains("correct service: 's3'") == true)
    }

    @Test func `A clock may be five minutes off, not more`() throws {
        let signed = try #require(SignedRequest.all.first)
        for seconds in [-300, -1, 1, 300] {
            #expect(signed.verifier(after: .seconds(seconds)).problem(with: signed.request) == nil)
        }
        #expect(
            signed.verifier(after: .seconds(301)).problem(with: signed.request)?.message.contains("Signature expired")
                == true)
        #expect(
            signed.verifier(after: .seconds(-301)).problem(with: signed.request)?.message.contains("not yet current")
                == true)
    }

    @Test func `What is missing in the Authorization header is named`() throws {
        let signed = try #require(SignedRequest.all.first)
        var request = signed.request
        request.head.headers.remove("authorization")
        #expect(signed.verifier().problem(with: request)?.type == "MissingAuthenticationTokenException")
        request.head.headers["authorization"] = "Basic abc"
        #expect(signed.verifier().problem(with: request)?.type == "MissingAuthenticationTokenException")
        request.head.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host"
        let problem = signed.verifier().problem(with: request)
        #expect(problem?.type == "IncompleteSignatureException")
        #expect(problem?.message.contains("'Signature'") == true)
    }

    @Test func `Host, date and the ARN header must be signed, Connection must not`() throws {
        let signed = try #require(SignedRequest.all.first)
        func refused(_ names: String) -> String? {
            var request = signed.request
            request.head.headers["connection"] = "keep-alive"
            let value = request.head.headers["authorization"] ?? ""
            let parts = value.split(separator: " ").map {
                $0.hasPrefix("SignedHeaders=") ? "SignedHeaders=\(names)," : String($0)
            }
            request.head.headers["authorization"] = parts.joined(separator: " ")
            return signed.verifier().problem(with: request)?.message
        }
        let arn = "x-mlflow-sm-tracking-server-arn"
        #expect(refused("x-amz-date;x-amz-security-token;\(arn)")?.contains("'host'") == true)
        #expect(refused("host;x-amz-security-token;\(arn)")?.contains("'x-amz-date'") == true)
        #expect(refused("host;x-amz-date;\(arn)")?.contains("'x-amz-security-token'") == true)
        #expect(refused("host;x-amz-date;x-amz-security-token")?.contains("'\(arn)'") == true)
        #expect(
            refused("connection;host;x-amz-date;x-amz-security-token;\(arn)")?.contains("Connection is signed") == true)
        #expect(refused("x-amz-date;host;x-amz-security-token;\(arn)")?.contains("sorted") == true)
    }

    @Test func `The refusal shows the canonical request, but never the session token`() throws {
        let signed = try #require(SignedRequest.all.first)
        let message = signed.verifier(secret: "other").problem(with: signed.request)?.message ?? ""
        #expect(message.contains("The Canonical String for this request should have been\n'GET\n/\n"))
        #expect(
            message.contains("AWS4-HMAC-SHA256\n20261121T040000Z\n20261121/us-east-1/sagemaker-mlflow/aws4_request"))
        #expect(!message.contains("session-token/"))
    }
}
