import CurlHTTP
import Glibc
import HTTP

@main enum Echo {
    static func main() throws {
        let loop = try EventLoop()
        let t = CurlTransport(loop)
        guard let api = getenv("AWS_LAMBDA_RUNTIME_API").map({ String(cString: $0) }) else { return }
        let n = getenv("AWS_LAMBDA_MAX_CONCURRENCY").flatMap { Int(String(cString: $0)) } ?? 1
        let o = TransferOptions(timeout: nil, proxy: .none)
        for _ in 0..<n {
            Task(executorPreference: loop) {
                while true {
                    do {
                        let e = try await t.send(
                            HTTPRequest(
                                .get, scheme: "http", authority: api, path: "/2018-06-01/runtime/invocation/next",
                                headers: ["User-Agent": "echo/1"]), options: o)
                        let id = e.headers["lambda-runtime-aws-request-id"] ?? ""
                        _ = try await t.send(
                            HTTPRequest(
                                .post, scheme: "http", authority: api,
                                path: "/2018-06-01/runtime/invocation/" + id + "/response",
                                headers: ["User-Agent": "echo/1", "Content-Type": "application/json"],
                                body: .bytes(e.body)), options: o)
                    } catch { print(error); exit(1) }
                }
            }
        }
        loop.run()
    }
}
