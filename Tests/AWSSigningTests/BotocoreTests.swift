import AWSSigning
import Cryptography
import HTTP
import JSON
import Testing
import Timestamps

/// Random requests signed by botocore; `Vectors/generate.py` says how, and how a line reads.
@Suite struct BotocoreTests {
    @Test(arguments: Mode.allCases)
    func everyStageIsThatOfBotocore(mode: Mode) throws {
        let cases = try vectors(mode.rawValue).map(BotocoreCase.init)
        #expect(cases.count == 2_000)
        for (number, vector) in cases.enumerated() {
            let mismatch = try mode.mismatch(vector)
            #expect(mismatch == nil, "line \(number + 1) of \(mode.rawValue)")
            if mismatch != nil { break }
        }
    }
}

enum Mode: String, CaseIterable, CustomTestStringConvertible {
    case header
    case headerUnnormalized = "header-unnormalized"
    case headerS3 = "header-s3"
    case query
    case queryS3 = "query-s3"

    var testDescription: String { rawValue }

    private func signer(signsPayload: Bool) -> SigV4Signer {
        var settings = self == .headerS3 || self == .queryS3 ? SigningSettings.s3 : .standard
        if self == .headerUnnormalized { settings.pathNormalization = .none }
        if !signsPayload {
            settings.payload = .unsigned
            settings.presignedPayload = .unsigned
        }
        return switch self {
        case .header: SigV4Signer(region: "us-east-1", service: "service", settings: settings)
        case .headerUnnormalized:
            SigV4Signer(region: "eu-central-1", service: "sagemaker-mlflow", settings: settings)
        case .headerS3: SigV4Signer(region: "us-east-1", service: "s3", settings: settings)
        case .query: SigV4Signer(region: "cn-north-1", service: "sts", settings: settings)
        case .queryS3: SigV4Signer(region: "us-gov-west-1", service: "s3", settings: settings)
        }
    }

    private var life: Duration? {
        switch self {
        case .query: .seconds(3_600)
        case .queryS3: SigV4Signer.longestPresignedLife
        default: nil
        }
    }

    /// The first stage that differs from botocore's.
    fileprivate func mismatch(_ vector: BotocoreCase) throws -> Mismatch? {
        let signer = signer(signsPayload: vector.signsPayload)
        let stages: SigningStages
        let signed: HTTPRequest
        if let life {
            stages = signer.presignedStages(
                for: vector.request, with: vector.credentials, at: vector.time, expiresIn: life)
            signed = signer.presign(vector.request, with: vector.credentials, at: vector.time, expiresIn: life)
        } else {
            stages = signer.stages(for: vector.request, with: vector.credentials, at: vector.time)
            signed = signer.sign(vector.request, with: vector.credentials, at: vector.time)
        }
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(vector.credentials.accessKeyID)/\(stages.scope.text), "
            + "SignedHeaders=\(stages.signedHeaders), Signature=\(vector.signature)"
        var checks = [
            ("canonical request", stages.canonicalRequest.text, vector.stages[0]),
            ("string to sign", stages.stringToSign.text, vector.stages[1]),
            ("signature", stages.signature, vector.signature),
        ]
        if life == nil {
            checks.append(("authorization", signed.headers["authorization"] ?? "none", authorization))
        } else {
            checks.append(("presigned URL", signed.url, vector.stages[2]))
        }
        for (stage, actual, expected) in checks
        where actual != expected && Hex.encode(SHA256.hash(actual)).prefix(16) != expected {
            return Mismatch(stage: stage, actual: actual, expected: expected)
        }
        return nil
    }
}

private struct Mismatch: Equatable {
    var stage: String
    var actual: String
    var expected: String
}

private struct BotocoreCase {
    var request: HTTPRequest
    var credentials: Credentials
    var time: Timestamp
    var signsPayload: Bool
    var signature: String
    /// Canonical request, string to sign and, of a presigned request, the URL: the text or the start of its hash.
    var stages: [String]

    private static let known = [
        Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        Credentials(
            accessKeyID: "ASIDEXAMPLE", secretAccessKey: "a/b+c=d",
            sessionToken: "IQoJb3JpZ2luX2VjEPT//+abc/def=="),
    ]

    init(_ line: JSONValue) throws {
        let fields = try #require(line.array)
        func text(_ index: Int) throws -> String { try #require(fields[index].string) }
        let url = try #require(URLParts(try text(1)))
        var headers = HTTPHeaders()
        for header in try #require(fields[2].array) {
            let parts = (header.array ?? []).compactMap(\.string)
            headers.append(parts[0], parts[1])
        }
        request = HTTPRequest(
            HTTPMethod(rawValue: try text(0)), scheme: url.scheme, authority: url.authority, path: url.path,
            query: url.query, headers: headers, body: .bytes(Array(try text(3).utf8)))
        credentials = Self.known[Int(try #require(fields[4].integer))]
        time = try #require(Timestamp(iso8601: try text(5)))
        signsPayload = try #require(fields[6].bool as Bool?)
        signature = try text(7)
        stages = fields[8...].compactMap(\.string)
    }
}
