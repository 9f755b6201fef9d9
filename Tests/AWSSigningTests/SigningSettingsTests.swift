import AWSSigning
import Cryptography
import HTTP
import Testing
import Timestamps

@Suite struct SigningSettingsTests {
    private let time = Timestamp(secondsSinceEpoch: 1_440_938_160)
    private let credentials = Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "the/token")
    private let request = HTTPRequest(
        .post, authority: "example.amazonaws.com", headers: ["Content-Type": "text/plain", "X-Client": "1"],
        body: .bytes(Array("body".utf8)))

    private func signer(_ change: (inout SigningSettings) -> Void = { _ in }) -> SigV4Signer {
        var settings = SigningSettings.standard
        change(&settings)
        return SigV4Signer(region: "eu-central-1", service: "service", settings: settings)
    }

    @Test func onlyTheNamedHeadersAreSignedBesideThoseOfTheSigner() {
        let stages = signer { $0.headers = .only(["content-type"]) }.stages(for: request, with: credentials, at: time)
        #expect(stages.signedHeaders == "content-type;host;x-amz-date;x-amz-security-token")
    }

    @Test func headersThatAHopMayChangeAreSentUnsigned() {
        var request = request
        for name in SigningSettings.unsignedHeaders { request.headers.append(name, "x") }
        let signed = signer().sign(request, with: credentials, at: time)
        #expect(
            signer().stages(for: request, with: credentials, at: time).signedHeaders
                == "content-type;host;x-amz-date;x-amz-security-token;x-client")
        #expect(signed.headers["connection"] == "x")
        #expect(signed.headers["user-agent"] == "x")
        #expect(signed.headers.values("authorization").count == 1)
    }

    @Test func anAppendedTokenIsSentButNotSigned() {
        let signer = signer { $0.sessionToken = .appendedUnsigned }
        let signed = signer.sign(request, with: credentials, at: time)
        #expect(signed.headers["x-amz-security-token"] == "the/token")
        #expect(signed.headers["authorization"]?.contains("x-amz-security-token") == false)
        let presigned = signer.presign(request, with: credentials, at: time, expiresIn: .seconds(60))
        #expect(presigned.query?.hasSuffix("&X-Amz-Security-Token=the%2Ftoken") == true)
    }

    @Test func aStreamIsSignedAsUnsignedAndSaysSo() {
        var request = request
        request.body = .stream(HTTPBodyStream { nil })
        let signed = signer().sign(request, with: credentials, at: time)
        #expect(signed.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
    }

    @Test func aHashWorkedOutElsewhereGivesTheSameSignature() {
        let hash = Hex.encode(SHA256.hash("body"))
        var empty = request
        empty.body = .empty
        #expect(
            signer { $0.payload = .precomputed(hash) }.stages(for: empty, with: credentials, at: time).signature
                == signer().stages(for: request, with: credentials, at: time).signature)
    }

    @Test func signingASignedRequestAgainReplacesItsSignature() {
        let signer = signer { $0.contentHashHeader = .always }
        let early = signer.sign(request, with: credentials, at: time - .seconds(86_400))
        #expect(
            signer.sign(early, with: credentials, at: time).headers
                == signer.sign(request, with: credentials, at: time).headers)
    }

    @Test func aRememberedKeyServesNoOtherDayAndNoOtherSecret() {
        let used = signer()
        _ = used.sign(request, with: credentials, at: time)
        var other = credentials
        other.secretAccessKey = "another"
        for (credentials, time) in [(credentials, time + .seconds(86_400)), (other, time)] {
            #expect(
                used.stages(for: request, with: credentials, at: time).signature
                    == signer().stages(for: request, with: credentials, at: time).signature)
        }
    }

    @Test func aPresignedURLHoldsAtLeastASecondAndAtMostSevenDays() {
        for (life, written) in [(Duration.zero, "1"), (.seconds(90), "90"), (.seconds(9_000_000), "604800")] {
            let presigned = signer().presign(request, with: credentials, at: time, expiresIn: life)
            #expect(presigned.query?.contains("X-Amz-Expires=\(written)&") == true)
        }
    }

    @Test func aPresignedRequestKeepsItsHeadersAndPutsNothingSecretInThem() {
        let presigned = signer().presign(request, with: credentials, at: time, expiresIn: .seconds(60))
        #expect(presigned.headers == request.headers)
        #expect(presigned.query?.contains("X-Amz-SignedHeaders=content-type%3Bhost%3Bx-client&") == true)
    }

    @Test func theStagesNeverHoldTheSecret() {
        var description = ""
        dump(signer().stages(for: request, with: credentials, at: time), to: &description)
        #expect(!description.contains("secret"))
    }
}
