public import AWSSigning
public import Configuration
public import HTTP
internal import JSON
internal import Timestamps

/// The credentials of a container's role (ECS, EKS Pod Identity, CloudShell), which a local endpoint hands out.
///
/// The endpoint is `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` on 169.254.170.2, or `AWS_CONTAINER_CREDENTIALS_FULL_URI`;
/// it is called with the token in the file `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`, read anew every time, or in
/// `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
public struct ContainerCredentials: CredentialProvider {
    private let environment: Environment
    private let transport: any HTTPTransport
    private let clock: any Clock<Duration>

    /// Makes a provider of the endpoint that an environment names.
    public init(environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>) {
        self.environment = environment
        self.transport = transport
        self.clock = clock
    }

    /// Whether an endpoint is named.
    var isConfigured: Bool {
        environment[Self.relative] != nil || environment[Self.full] != nil
    }

    /// Asks the endpoint, three times at most and a second apart.
    public func credentials() async throws -> Credentials {
        let request = try request()
        // The endpoint is on this host: two seconds are plenty, and no proxy may see the token.
        let options = TransferOptions(
            timeout: .seconds(2), connectTimeout: .seconds(2), maximumResponseBytes: 1 << 20, proxy: .none)
        let policy = RetryPolicy(attempts: 3, base: .seconds(1), longest: .seconds(1)) { 1 }
        return try await policy.run(clock: clock) {
            let response = try await transport.send(request, options: options)
            guard response.status == 200 else { throw Self.refusal(response) }
            return try Self.credentials(in: response)
        }
    }

    private func request() throws(CredentialError) -> HTTPRequest {
        let url: URLParts
        if let path = environment[Self.relative] {
            guard path.hasPrefix("/"), let parts = URLParts("http://169.254.170.2\(path)") else {
                throw CredentialError("\(Self.relative) is not a path; it has to start with a slash.")
            }
            url = parts
        } else {
            guard let text = environment[Self.full], let parts = URLParts(text) else {
                throw CredentialError("\(Self.full) is not a URL such as http://169.254.170.23/v1/credentials.")
            }
            guard Self.isAllowed(parts) else {
                throw CredentialError(
                    "\(Self.full) names the host \(parts.authority), which is not trusted with the container's token: "
                        + "it has to be https, or http on this host, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23].")
            }
            url = parts
        }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        headers["Authorization"] = try token()
        return HTTPRequest(
            .get, scheme: url.scheme, authority: url.authority, path: url.path.isEmpty ? "/" : url.path,
            query: url.query, headers: headers)
    }

    private func token() throws(CredentialError) -> String? {
        let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        var token = environment[variable]
        if let path = environment["\(variable)_FILE"] {
            token = try SmallFile.text(path, for: "the container's authorization token")
            guard token != nil else {
                throw CredentialError("The file \(path), which \(variable)_FILE names, does not exist.")
            }
        }
        guard token.map(HTTPToken.isFieldValue) ?? true else {
            throw CredentialError("The container's authorization token has a line break or a control character in it.")
        }
        return token
    }

    /// Whether the endpoint may be sent the token: over TLS, or on the host or its link.
    private static func isAllowed(_ url: URLParts) -> Bool {
        guard url.scheme == "http" else { return true }
        var host = Substring(HTTPToken.lowercased(url.authority))
        if host.first == "[" {
            host = host[...(host.firstIndex(of: "]") ?? host.startIndex)]
        } else {
            host = host.prefix { $0 != ":" }
        }
        if ["localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains(host) { return true }
        // 127.0.0.0/8; anything but four numbers could be a name.
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127"
            && numbers.allSatisfy { $0.utf8.allSatisfy(ASCII.isDigit) && UInt8($0) != nil }
    }

    private static func refusal(_ response: HTTPResponse) -> ServiceError {
        let answer = try? JSONValue(parsing: response.body)
        return ServiceError(
            service: "container credentials", operation: "GET",
            code: (answer?["code"] ?? answer?["Code"])?.string ?? "HTTP \(response.status)",
            message: (answer?["message"] ?? answer?["Message"])?.string ?? "", status: response.status)
    }

    private static func credentials(in response: HTTPResponse) throws(CredentialError) -> Credentials {
        guard let answer = try? JSONValue(parsing: response.body),
            let id = answer["AccessKeyId"]?.string, !id.isEmpty,
            let secret = answer["SecretAccessKey"]?.string, !secret.isEmpty
        else {
            throw CredentialError(
                "The container credentials endpoint answered without AccessKeyId and SecretAccessKey.")
        }
        let end = answer["Expiration"]?.string
        let expiration = end.flatMap { Timestamp(iso8601: $0) }
        guard end == nil || expiration != nil else {
            throw CredentialError("The container credentials endpoint gave an Expiration that is not a time.")
        }
        return Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: answer["Token"]?.string, expiration: expiration)
    }

    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
}
