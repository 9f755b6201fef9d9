import ArgumentParser
import Foundation
import JSON
import LambdaEmulator

/// `lambda-local cloudformation`: one custom-resource request, with all that CloudFormation, S3 and Lambda do around it.
struct CloudFormationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cloudformation",
        abstract: "Sends an unpacked function the request of a custom resource and shows what CloudFormation gets.",
        discussion: """
            The event needs RequestType, ResourceType and ResourceProperties; an Update or Delete of something real also \
            needs PhysicalResourceId. What CloudFormation knows alone is filled in where it is missing or a placeholder; \
            ResponseURL always is. The function is given AWS_ENDPOINT_URL_LAMBDA and credentials unless --env gives them, \
            so that it can hand its work over to itself; Lambda's other calls go on to AWS_ENDPOINT_URL, when it is plain HTTP.

            It ends when every delivery, retry and hand-over has ended, or with patience. On standard output is one JSON \
            document: outcome (SUCCESS, FAILED, INVALID or MISSING), message, answer, counts, refusals and times. \
            CloudFormation reads the first answer that is stored; later ones are only counted.

            Exit codes: 0 SUCCESS, 1 FAILED, or an answer that is invalid or missing, 2 wrong usage or cannot start.
            """)

    @OptionGroup var function: FunctionOptions
    @Option(help: "How often Lambda invokes again after a failed invocation, 0 to 2.")
    var retries: Int = 2
    @Option(help: "The seconds before the first retry, twice as long before the second. In Lambda: 60.")
    var retryDelay: Double = 1
    @Flag(
        help: "Lambda's record of a failure comes back to the function, by a topic that is its on-failure destination.")
    var failureDestination = false
    @Flag(help: "The request is delivered twice at once, to two processes.")
    var duplicate = false
    @Flag(help: "The request is delivered once more when everything is done.")
    var duplicateAfterwards = false
    @Option(help: "The property ServiceTimeout: how many seconds CloudFormation waits, 1 to 3600.")
    var serviceTimeout: Int?
    @Option(
        help: ArgumentHelp(
            "What goes wrong with the first PUTs to the ResponseURL; the count is 1 when left out.",
            valueName: "500|403|reset|slow[:count]"))
    var responseFault: String?
    @Option(help: "The seconds that a slow PUT takes.")
    var slowDelay: Double = 15
    @Option(
        help: ArgumentHelp(
            "Kills the function, as when memory runs out, as it sends its answer or a hand-over, which still arrives.",
            valueName: "answer|hand-over[:count]"))
    var kill: String?
    @Option(help: "How many calls of Lambda's Invoke are answered with 429 first.")
    var throttle: Int = 0
    @Option(name: .customLong("attribute"), help: "An attribute the template asks for (Fn::GetAtt); can be repeated.")
    var attributes: [String] = []
    @Option(help: "The most processes of the function at a time.")
    var concurrency: Int = 4
    @Option(help: "The seconds the whole may take; as long as CloudFormation waits when left out.")
    var patience: Double?
    @Flag(help: "Logs every step, not only what goes wrong.")
    var verbose = false

    func validate() throws {
        guard (0...2).contains(retries) else { throw ValidationError("--retries is \(retries); Lambda does 0 to 2.") }
        let seconds = [("--retry-delay", retryDelay), ("--slow-delay", slowDelay), ("--patience", patience ?? 1)]
        for (name, value) in seconds where !(0...3_600).contains(value) {
            throw ValidationError("\(name) is \(value); it must be from 0 to 3600 seconds.")
        }
        if let serviceTimeout, !(1...SampleRequest.longestWait).contains(serviceTimeout) {
            throw ValidationError("--service-timeout is \(serviceTimeout); CloudFormation takes 1 to 3600 seconds.")
        }
        guard (1...100).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); it must be from 1 to 100.")
        }
        guard throttle >= 0 else { throw ValidationError("--throttle is \(throttle); it must not be negative.") }
        if duplicate, duplicateAfterwards {
            throw ValidationError("--duplicate and --duplicate-afterwards exclude each other.")
        }
        if let responseFault, ResponseFault(parsing: responseFault) == nil {
            throw ValidationError(
                "--response-fault \(responseFault) is none of 500, 403, reset and slow, with a count as in 500:3.")
        }
        if let kill, KillPoint(parsing: kill) == nil {
            throw ValidationError("--kill \(kill) is neither answer nor hand-over, with a count as in answer:2.")
        }
    }

    func run() async throws {
        let event = try function.readEvent()
        let configuration = try function.configuration()
        let request = try SampleRequest(event.value, for: configuration, serviceTimeout: serviceTimeout)
        try await CustomResourceSession(request, of: configuration, settings: settings) { Console.error($0) }
            .runAndShow()
    }

    private var settings: CustomResourceSession.Settings {
        var settings = CustomResourceSession.Settings()
        settings.queue = .init(
            maximumRetries: retries, retryDelay: Self.duration(retryDelay), deliversFailureRecords: failureDestination)
        settings.duplicate = duplicate ? .atOnce : duplicateAfterwards ? .afterwards : nil
        settings.fault = responseFault.flatMap { ResponseFault(parsing: $0, delay: Self.duration(slowDelay)) }
        settings.kill = kill.flatMap { KillPoint(parsing: $0) }
        settings.throttles = throttle
        settings.attributes = attributes
        settings.patience = patience.map(Self.duration)
        settings.concurrency = concurrency
        settings.isVerbose = verbose
        return settings
    }

    private static func duration(_ seconds: Double) -> Duration { .milliseconds(Int64(seconds * 1_000)) }
}

extension CustomResourceSession {
    /// Runs, prints the report and says with the exit code what came of it. Ctrl-C ends the function too.
    func runAndShow() async throws {
        let signals = StopSignals()
        let report = try await withThrowingTaskGroup(of: CustomResourceReport?.self) { group in
            group.addTask { try await run() }
            group.addTask {
                await signals.first()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let report else { throw LocalError("Stopped before CloudFormation had its answer.") }
        Console.print(report.json.indented)
        if report.verdict != .success { throw ExitCode(1) }
    }
}
