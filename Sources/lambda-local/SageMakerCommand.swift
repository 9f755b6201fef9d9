import ArgumentParser
import HTTP
import JSON
import LambdaEmulator

/// `lambda-local sagemaker`: the stand-in for SageMaker's control plane by itself.
struct SageMakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sagemaker",
        abstract: "Stand in for SageMaker's control plane: MLflow Apps and tracking servers.",
        discussion: """
            Prints the endpoint, for AWS_ENDPOINT_URL_SAGEMAKER, and serves until it is stopped. Calls have to be signed \
            with the credentials of the options. POST a JSON object to /__control to change how long things take and \
            what goes wrong: {"creation": 30, "throttling": 0.3, "failedCreations": 1}.
            """)

    @Option(help: "The port; 0 takes a free one.") var port = 0
    @Option(help: "The region of signatures and ARNs.") var region = "us-east-1"
    @Option(help: "The access key id that callers sign with.") var accessKeyID = LocalStack.Stand.accessKeyID
    @Option(help: "The secret access key that callers sign with.") var secretAccessKey = LocalStack.Stand
        .secretAccessKey
    @Option(help: "The session token that callers send; empty for none.") var sessionToken = LocalStack.Stand
        .sessionToken
    @Option(help: "The settings to begin with, a JSON object as for /__control.") var settings = "{}"

    func run() async throws {
        guard let changes = (try? JSONValue(parsing: Array(settings.utf8)))?.object else {
            throw ValidationError("--settings has to be a JSON object, such as {\"creation\": 30}.")
        }
        var settings = ControlPlaneSettings()
        try settings.apply(changes)
        let server = try await HTTPServer(port: port)
        let authority = "127.0.0.1:\(server.port)"
        let plane = MLflowControlPlane(
            authority: authority, accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
            sessionToken: sessionToken.isEmpty ? nil : sessionToken, region: region, settings: settings)
        Console.print("http://\(authority)")
        try await server.run(plane)
    }
}
