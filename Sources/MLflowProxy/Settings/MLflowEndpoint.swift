internal import AWSCore
public import Configuration
internal import HTTP

/// Where an Amazon SageMaker MLflow resource is reached and how requests to it are signed. All of it follows from the
/// resource's ARN, as in the official plugin for MLflow.
public struct MLflowEndpoint: Sendable, Equatable {
    /// The two kinds of managed MLflow.
    public enum Kind: Sendable, Hashable {
        /// A tracking server: `arn:…:mlflow-tracking-server/NAME`.
        case trackingServer
        /// A serverless MLflow App: `arn:…:mlflow-app/ID`.
        case app
    }

    /// The kind of the resource.
    public let kind: Kind
    /// The resource's ARN, sent with each request.
    public let arn: String
    /// The region requests are signed for.
    public let region: String
    /// `https`, or what a custom endpoint says.
    public let scheme: String
    /// Host and optional port.
    public let authority: String
    /// What stands in front of every path: empty, or a path without a slash at its end.
    public let pathPrefix: String

    /// The service name in the signature.
    public var signingService: String {
        kind == .trackingServer ? "sagemaker-mlflow" : "sagemaker"
    }

    /// The resource's own name or id: what stands behind the slash in the ARN.
    public var resourceName: String {
        String(arn.split(separator: "/", maxSplits: 1).last ?? "")
    }

    /// The header that carries the ARN.
    public var arnHeaderName: String {
        kind == .trackingServer ? "x-mlflow-sm-tracking-server-arn" : "x-sm-mlflow-app-arn"
    }

    /// Reads `MLFLOW_TRACKING_ARN` and `SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT`.
    public init(_ environment: Environment) throws(ConfigurationError) {
        guard let arn = environment["MLFLOW_TRACKING_ARN"] else {
            throw ConfigurationError([
                "MLFLOW_TRACKING_ARN is not set: it names the MLflow tracking server or MLflow App to show."
            ])
        }
        try self.init(arn: arn, customEndpoint: environment["SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"])
    }

    /// Makes the endpoint of a resource.
    ///
    /// - Parameters:
    ///   - arn: The ARN of a tracking server or an App.
    ///   - customEndpoint: An absolute `http` or `https` URL to use in place of the service's own; it may have a path,
    ///     which then stands in front of every path.
    /// - Throws: What is wrong with either, as sentences about the variables they come from.
    public init(arn text: String, customEndpoint: String? = nil) throws(ConfigurationError) {
        let arn: ARN
        do throws(ARNError) {
            arn = try ARN(parsing: text)
        } catch {
            throw Self.problem("is no ARN: \(error.reason).")
        }
        guard arn.service == "sagemaker" else {
            throw Self.problem("is an ARN of \(arn.service): it should be one of sagemaker.")
        }
        kind = try Self.kind(of: arn.resource)
        guard Self.isRegion(arn.region) else { throw Self.problem("has no valid region: \(Self.example)") }
        guard arn.accountID.utf8.count == 12 else { throw Self.problem("has no account number: \(Self.example)") }
        self.arn = text
        region = arn.region
        guard let customEndpoint else {
            guard ["aws", "aws-us-gov"].contains(arn.partition.id) else {
                throw Self.problem(
                    "is in \(arn.partition), where the address of MLflow is not known: set "
                        + "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT to it.")
            }
            scheme = "https"
            authority =
                kind == .trackingServer
                ? "\(arn.region).experiments.sagemaker.aws" : "mlflow.sagemaker.\(arn.region).app.aws"
            pathPrefix = ""
            return
        }
        let parts = try Self.parts(ofCustomEndpoint: customEndpoint)
        scheme = parts.scheme
        authority = parts.authority
        pathPrefix = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
    }

    private static let example =
        "it should look like arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/NAME or …:mlflow-app/ID."

    private static func problem(_ text: String) -> ConfigurationError {
        ConfigurationError(["MLFLOW_TRACKING_ARN \(text)"])
    }

    private static func kind(of resource: String) throws(ConfigurationError) -> Kind {
        let parts = resource.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, isName(parts[1]) else { throw problem("names no MLflow resource: \(example)") }
        switch parts[0] {
        case "mlflow-tracking-server": return .trackingServer
        case "mlflow-app": return .app
        default: throw problem("names a resource that is not MLflow: \(example)")
        }
    }

    /// Letters, digits and hyphens, the first of them no hyphen: the names that SageMaker gives and takes.
    private static func isName(_ text: Substring) -> Bool {
        text.utf8.count <= 256 && text.first != "-" && !text.isEmpty
            && text.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && !".~_".utf8.contains($0) }
    }

    /// `us-east-1`: the region becomes part of a host name, so nothing but its own letters may stand in it.
    static func isRegion(_ text: String) -> Bool {
        let labels = text.split(separator: "-", omittingEmptySubsequences: false)
        guard labels.count >= 3, let number = labels.last, text.utf8.count <= 32 else { return false }
        return labels.dropLast().allSatisfy { label in
            !label.isEmpty && label.utf8.allSatisfy { (0x61...0x7A).contains($0) }
        } && !number.isEmpty && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func parts(ofCustomEndpoint text: String) throws(ConfigurationError) -> URLParts {
        guard let parts = URLParts(text), parts.query == nil else {
            throw ConfigurationError([
                "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT is not an absolute http or https URL without a query."
            ])
        }
        if !parts.path.isEmpty {
            do throws(ProxyError) {
                try RequestPath.validate(parts.path)
            } catch {
                throw ConfigurationError([
                    "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT has a path that cannot stand in front of others."
                ])
            }
        }
        return parts
    }
}
