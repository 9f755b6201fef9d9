import CloudFormation
import JSON
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct RedactionTests {
    /// Every canary holds the word that must not come out.
    @Test(arguments: [
        "see https://h.example/p?token=CANARY&x=1 now", "AKIACANARYCANARYCANA", "ASIACANARYCANARYCANA done",
        "AWS_SECRET_ACCESS_KEY=CANARY/abc+def", #"{"SecretAccessKey": "CANARY", "a": 1}"#,
        #"{\"SessionToken\":\"CANARY\"}"#, "Authorization: Bearer CANARY", "authorization=AWS4-HMAC-SHA256 CANARY",
        "Credential=CANARY/20260101/us-east-1", "Signature=CANARY", "X-Amz-Security-Token: CANARY",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQ.CANARY", "password = 'CANARY'",
        "http://h/?a,b&X-Amz-Credential=CANARY, then",
    ])
    func noSecretComesThrough(text: String) {
        let shown = Redaction().apply(to: "before \(text)")
        #expect(!shown.contains("CANARY"), "\(shown)")
        #expect(shown.hasPrefix("before "))
        #expect(shown.contains("***"))
    }

    @Test(arguments: [
        "User: arn:aws:iam::123456789012:role/x is not authorized to perform: ec2:DeleteVpc",
        "https://docs.example/page has no query", "InvalidSignatureException (403): The signature is invalid",
        "The password is too short", "漢字 \"quoted\" 🧭",
    ])
    func plainTextIsLeftAlone(text: String) {
        #expect(Redaction().apply(to: text) == text)
    }

    @Test func theResponseURLAndItsSignatureNeverReachAReason() async throws {
        let bench = Bench(
            Shelf(make: { _, _ in throw Failure("cannot use \(responseURL) nor \(responseQuery) nor ab12cd34") }))
        let result = try await bench.handle(event("Create"))
        #expect(bench.replies.first?["Reason"] == "cannot use *** nor *** nor ***")
        #expect(!result.description.contains("ab12cd34"))
    }
}
