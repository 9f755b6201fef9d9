import AWSSigning
import HTTP
import JSON
import Testing
import Timestamps

/// The cases of AWS's own signing test suite (`tests/aws-signing-test-suite/v4` of awslabs/aws-c-auth), which gives a
/// signature in the header and one in the query for each. A raw non-ASCII query of the suite is percent-encoded here,
/// the one form in which it can be sent.
@Suite struct PublishedSuiteTests {
    @Test func signaturesAreThoseOfTheSuiteThatAWSPublishes() throws {
        let cases = try vectors("aws-signing-test-suite").map(PublishedCase.init)
        #expect(cases.count == 35)
        let time = try #require(Timestamp(iso8601: "2015-08-30T12:36:00Z"))
        for published in cases {
            let signer = SigV4Signer(region: "us-east-1", service: "service", settings: published.settings)
            let stages = signer.stages(for: published.request, with: published.credentials, at: time)
            #expect(
                stages.signature == published.headerSignature,
                "\(published.name) in the header\n\(stages.canonicalRequest.text)")
            let presigned = signer.presignedStages(
                for: published.request, with: published.credentials, at: time, expiresIn: .seconds(3_600))
            #expect(
                presigned.signature == published.querySignature,
                "\(published.name) in the query\n\(presigned.canonicalRequest.text)")
        }
    }
}

private struct PublishedCase {
    var name: String
    var request: HTTPRequest
    var credentials: Credentials
    var settings: SigningSettings
    var headerSignature: String
    var querySignature: String

    init(_ line: JSONValue) throws {
        func text(_ member: String) throws -> String { try #require(line[member]?.string) }
        name = try text("name")
        var headers = HTTPHeaders()
        for header in line["headers"]?.array ?? [] {
            let parts = (header.array ?? []).compactMap(\.string)
            headers.append(parts[0], parts[1])
        }
        request = HTTPRequest(
            HTTPMethod(rawValue: try text("method")), authority: "example.amazonaws.com", path: try text("path"),
            query: line["query"]?.string, headers: headers, body: .bytes(Array((line["body"]?.string ?? "").utf8)))
        credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            sessionToken: line["token"]?.string)
        settings = .standard
        if line["normalize"]?.bool == false { settings.pathNormalization = .none }
        if line["signToken"]?.bool == false { settings.sessionToken = .appendedUnsigned }
        if line["hashHeader"]?.bool == true { settings.contentHashHeader = .always }
        headerSignature = try text("headerSignature")
        querySignature = try text("querySignature")
    }
}
