import AWSSigning
import Glibc
import HTTP
import Timestamps

/// Signs one request so many times, as `Peers/sign.py` does: `signing-benchmark COUNT BODY_BYTES`.
///
/// Prints the processor time of one signature in seconds, and the signature, for which the same request at the same time
/// has to give the same one there.
@main enum SigningBenchmark {
    static func main() {
        guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[1]), count > 0,
            let bodyBytes = Int(CommandLine.arguments[2]), bodyBytes >= 0,
            let time = Timestamp(iso8601: "20260801T123600Z")
        else {
            print("usage: signing-benchmark COUNT BODY_BYTES")
            exit(2)
        }
        let signer = SigV4Signer(region: "us-east-1", service: "sagemaker-mlflow")
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            sessionToken: String(repeating: "FwoGZXIvYXdzEXAMPLE", count: 40))
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: bodyBytes)
        var authorization = ""
        // The first one fills the caches that a running function has filled.
        for isMeasured in [false, true] {
            let started = processorSeconds()
            for _ in 0..<(isMeasured ? count : 1) {
                let request = HTTPRequest(
                    .post, authority: "us-east-1.experiments.sagemaker.aws", path: "/api/2.0/mlflow/runs/search",
                    query: "max_results=100&order=start%20time",
                    headers: [
                        "accept": "*/*", "content-type": "application/json", "x-mlflow-workspace": "default",
                    ], body: .bytes(body))
                authorization = signer.sign(request, with: credentials, at: time).headers["authorization"] ?? ""
            }
            let seconds = (processorSeconds() - started) / Double(count)
            if isMeasured { print("{\"seconds\": \(seconds), \"authorization\": \"\(authorization)\"}") }
        }
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
