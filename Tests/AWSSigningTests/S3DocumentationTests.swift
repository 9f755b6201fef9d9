import AWSSigning
import HTTP
import Testing
import Timestamps

/// The examples of the Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
@Suite struct S3DocumentationTests {
    private let signer = SigV4Signer(region: "us-east-1", service: "s3", settings: .s3)
    private let credentials = Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    private let midnight = Timestamp(secondsSinceEpoch: 1_369_353_600)

    private func request(
        _ method: HTTPMethod, _ path: String, query: String? = nil, headers: HTTPHeaders = [:], body: String = ""
    ) -> HTTPRequest {
        HTTPRequest(
            method, authority: "examplebucket.s3.amazonaws.com", path: path, query: query, headers: headers,
            body: .bytes(Array(body.utf8)))
    }

    private func signature(_ request: HTTPRequest) -> String {
        signer.stages(for: request, with: credentials, at: midnight).signature
    }

    @Test func gettingAnObject() {
        #expect(
            signature(request(.get, "/test.txt", headers: ["Range": "bytes=0-9"]))
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func puttingAnObject() {
        let headers: HTTPHeaders = [
            "Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY",
        ]
        #expect(
            signature(request(.put, "/test%24file.text", headers: headers, body: "Welcome to Amazon S3."))
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func aParameterWithoutAValue() {
        #expect(
            signature(request(.get, "/", query: "lifecycle"))
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test func listingObjects() {
        #expect(
            signature(request(.get, "/", query: "max-keys=2&prefix=J"))
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func aPresignedURL() {
        let presigned = signer.presign(
            request(.get, "/test.txt"), with: credentials, at: midnight, expiresIn: .seconds(86_400))
        #expect(
            presigned.url
                == "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }
}
