import JSON
import LambdaEmulator

/// The custom resources of a stack, through the packaged functions and their sample events.
struct StackResources: Sendable {
    /// Of the function that asks the AWS stand-in for everything.
    let cleanup: CustomResourceSamples
    /// Of the function that asks SageMaker's control plane.
    let samples: CustomResourceSamples
    /// Where the AWS stand-in is.
    let moto: String
    let transport: LoopbackTransport

    /// A VPC with what a domain left is cleaned, and can then be deleted.
    func cleanVPC(_ report: inout CheckReport) async throws {
        Console.print("\nSample events of vpc-cleanup, on a VPC with what a deleted Studio domain leaves")
        let vpc = try await DirtyVPC(authority: moto, transport: transport)
        let names = ["vpc-0123456789abcdef0": vpc.vpcID]
        for event in ["create.json", "update.json", "delete-dry-run.json", "delete-everything.json", "delete.json"] {
            try await cleanup.send(event, to: "vpc-cleanup", replacing: names, &report)
        }
        try await cleanup.send("create-invalid-properties.json", to: "vpc-cleanup", isWelcome: false, &report)
        do {
            try await vpc.delete()
            report.expect("the cleaned VPC is deleted", true, vpc.vpcID)
        } catch {
            report.expect("the cleaned VPC is deleted", false, "\(error)")
        }
    }

    /// The App that the proxy then serves is made; a tracking server goes through its life.
    ///
    /// - Returns: The App's ARN.
    func createApp(_ report: inout CheckReport) async throws -> String {
        Console.print("\nSample events of mlflow-app")
        try await samples.send("create-app-mistaken.json", to: "mlflow-app", isWelcome: false, &report)
        let answer = try await samples.send("create-app.json", to: "mlflow-app", &report)
        guard let arn = answer?["PhysicalResourceId"]?.string, answer?["Status"] == "SUCCESS" else {
            throw LocalError("No MLflow App was made, so that there is nothing to serve; the lines above say why.")
        }
        try await samples.send("create-tracking-server.json", to: "mlflow-app", &report)
        for event in [
            "stop-tracking-server.json", "start-tracking-server.json", "stop-tracking-server-eventbridge.json",
        ] {
            try await samples.invoke(event, of: "mlflow-app", showing: "after", &report)
        }
        try await samples.send("update-tracking-server.json", to: "mlflow-app", &report)
        try await samples.invoke("start-tracking-server.json", of: "mlflow-app", showing: "after", &report)
        try await samples.invoke("describe-tracking-server.json", of: "mlflow-app", showing: "Status", &report)
        try await samples.send("delete-tracking-server.json", to: "mlflow-app", &report)
        return arn
    }

    /// The App is renamed while the proxy serves it.
    func updateApp(_ arn: String, _ report: inout CheckReport) async throws {
        Console.print("\nSample events of mlflow-app, while its App is served")
        try await samples.send("update-app.json", to: "mlflow-app", replacing: [Self.sampleARN: arn], &report)
        try await samples.invoke(
            "describe-app.json", of: "mlflow-app", replacing: [Self.sampleARN: arn], showing: "Name", &report)
    }

    /// The App is deleted.
    func deleteApp(_ arn: String, _ report: inout CheckReport) async throws {
        try await samples.send("delete-app.json", to: "mlflow-app", replacing: [Self.sampleARN: arn], &report)
    }

    private static let sampleARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-EXAMPLE12345"
}
