import Lambda
import LambdaBootstrap

/// Answers every event with itself.
struct Echo: LambdaHandler {
    func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        event
    }
}

@main enum EchoFunction {
    static func main() {
        LambdaFunction.run { _ in Echo() }
    }
}
