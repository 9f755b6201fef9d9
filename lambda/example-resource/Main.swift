import AWSCore
import AWSServices
import CloudFormation
import Glibc
import JSON
import Lambda
import LambdaBootstrap
import Timestamps

/// `Custom::Greeting`: a custom resource that is but its answer. It shows all that a resource needs of the kit, and can
/// be slow or die on demand, to try what becomes of the stack then.
struct Greeting: CustomResource {
    struct Properties: Sendable, Equatable {
        var name: String
        /// How long the work takes.
        var seconds: Int
        /// How often the process is killed in the middle of a request's work, before it goes through.
        var kills: Int
    }

    func properties(from reader: inout PropertyReader) -> Properties {
        Properties(
            name: reader.requiredString("Name", .word(1...40, or: "-_")),
            seconds: reader.integer("Seconds", in: 0...3_600) ?? 0, kills: reader.integer("Kills", in: 0...9) ?? 0)
    }

    func create(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        try await work(properties, context)
        return outcome(properties)
    }

    func update(
        _ properties: Properties, from old: Properties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome {
        // Another name is another greeting, and so another id: CloudFormation deletes the old one.
        try await create(properties, context: context)
    }

    func delete(_ properties: Properties?, context: CustomResourceContext) async throws {
        if let properties { try await work(properties, context) }
    }

    func find(_ properties: Properties?, context: CustomResourceContext) async throws -> String? {
        properties.map { outcome($0).physicalID }
    }

    func unchanged(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        outcome(properties)
    }

    private func outcome(_ properties: Properties) -> ResourceOutcome {
        ResourceOutcome(
            physicalID: "greeting/\(properties.name)", attributes: [.init("Greeting", "Hello, \(properties.name)!")])
    }

    private func work(_ properties: Properties, _ context: CustomResourceContext) async throws {
        Mishap(requestID: context.requestID).strike(times: properties.kills)
        // The next invocation goes on where this one's time is over.
        var done = context.state?.integer ?? 0
        while done < properties.seconds {
            try await context.clock.sleep(for: .seconds(1))
            done += 1
            context.checkpoint(.integer(done))
        }
    }
}

/// A kill as the kernel does it when memory runs out: nothing in the process can notice.
struct Mishap {
    /// A byte for each time it struck; the next process reads it.
    private let path: String

    init(requestID: String) {
        path = "/tmp/example-resource-" + requestID.filter { $0.isLetter || $0.isNumber || $0 == "-" }
    }

    func strike(times: Int) {
        guard times > 0 else { return }
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0, lseek(file, 0, SEEK_END) < times, write(file, "x", 1) == 1 else {
            unlink(path)
            return
        }
        kill(getpid(), SIGKILL)
    }
}

@main enum GreetingFunction {
    static func main() {
        LambdaFunction.run { services in
            let clients = try AWSClientFactory(
                environment: services.environment, transport: services.transport, clock: services.clock,
                logger: services.logger)
            // Work that outlasts an invocation goes on in another one.
            let lambda = LambdaClient(try clients.client(.lambda, errorForm: .json))
            return CustomResourceHandler(
                Greeting(), transport: services.transport, invoker: lambda, clock: services.clock)
        }
    }
}
