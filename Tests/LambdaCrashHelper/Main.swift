import Glibc
import HTTP
import Lambda
import Logging

struct InnerError: Error {}
struct TypedError: Error {}

@inline(never) func innermost(_ flag: Bool) throws -> Int {
    if flag { throw InnerError() }
    return 1
}

@inline(never) func middle(_ flag: Bool) throws -> Int {
    try innermost(flag) + 1
}

@inline(never) func typed(_ flag: Bool) throws(TypedError) -> Int {
    if flag { throw TypedError() }
    return 1
}

@inline(never) func trap(_ values: [Int], _ index: Int) -> Int {
    values[index] + 1
}

@inline(never) func recurse(_ depth: Int) -> Int {
    depth == .min ? 0 : recurse(depth + 1) + recurse(depth + 2)
}

struct Thrower: LambdaHandler {
    func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        await Task.yield()
        _ = event == [1] ? try typed(true) : try middle(true)
        return []
    }
}

/// A Runtime API of one event, which prints what is posted.
struct Once: HTTPTransport {
    var event: [UInt8]
    func send(_ request: HTTPRequest, options: TransferOptions) async throws -> HTTPResponse {
        if case .bytes(let bytes) = request.body, request.method == .post {
            print(String(decoding: bytes, as: UTF8.self))
            exit(0)
        }
        return HTTPResponse(status: 200, headers: ["Lambda-Runtime-Aws-Request-Id": "1"], body: event)
    }
}

/// Crashes or fails in the way its argument says; the tests look at what it leaves behind.
@main enum CrashHelper {
    static func main() async throws {
        let mode = CommandLine.arguments.dropFirst().first ?? ""
        switch mode {
        case "throw", "throw-typed":
            ThrowTrace.install()
            let client = RuntimeAPIClient(
                transport: Once(event: mode == "throw" ? [] : [1]), endpoint: try RuntimeAPIEndpoint("localhost:1"))
            await LambdaRuntime(
                .whole(Thrower()), client: client, clock: ContinuousClock(), logger: LambdaContext.silentLogger
            ).run()
        default:
            CrashReporter.install()
            switch mode {
            case "trap": print(trap([1], CommandLine.argc > 1 ? 7 : 0))
            case "overflow": print(recurse(0))
            case "abort": abort()
            default: _ = UnsafePointer<Int>(bitPattern: 8)?.pointee
            }
        }
    }
}
