public import AWSSigning
public import Configuration
public import HTTP
public import Timestamps

/// The credentials of a profile in the files that the AWS CLI keeps: `~/.aws/credentials` and `~/.aws/config`.
///
/// Understood are keys in the files, and `role_arn` with `source_profile`, with `credential_source` (`Environment`,
/// `EcsContainer`) or with `web_identity_token_file`. The profile is `AWS_PROFILE`, else `default`; other files may be
/// named in `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE`. The files are read anew every time.
public struct ProfileCredentials: CredentialProvider {
    private let context: CredentialContext

    /// Makes a provider of the profile that an environment names.
    public init(
        environment: Environment, transport: any HTTPTransport, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.init(
            CredentialContext(environment: environment, transport: transport, clock: clock, now: now))
    }

    init(_ context: CredentialContext) {
        self.context = context
    }

    /// The profile's credentials; a role is assumed anew.
    ///
    /// - Throws: ``CredentialError`` that names the profile and what it lacks, or the error of the call that failed.
    public func credentials() async throws -> Credentials {
        guard let credentials = try await credentialsIfAny() else {
            throw CredentialError("No AWS credentials found: looked at \(place) (none there).")
        }
        return credentials
    }

    /// The profile's credentials, or nil when there is no profile or none of its settings are about credentials. A
    /// profile that was asked for by name has to be there.
    func credentialsIfAny() async throws -> Credentials? {
        let profiles = try load().profiles
        guard profiles[name] != nil else {
            guard context.environment["AWS_PROFILE"] == nil else {
                throw CredentialError("AWS_PROFILE is \"\(name)\", but there is no such profile in \(files).")
            }
            return nil
        }
        return try await credentials(of: name, in: profiles, via: [])
    }

    /// Where the credentials are looked for, for a message.
    var place: String { "profile \"\(name)\" in \(files)" }

    private var name: String { context.environment["AWS_PROFILE"] ?? "default" }

    private var files: String {
        "\(path("AWS_SHARED_CREDENTIALS_FILE", "credentials") ?? "~/.aws/credentials") and "
            + (path("AWS_CONFIG_FILE", "config") ?? "~/.aws/config")
    }

    /// The file a variable names, or the usual one. Nil when there is no home directory.
    private func path(_ variable: String, _ usual: String) -> String? {
        let path = context.environment[variable] ?? "~/.aws/\(usual)"
        guard path.hasPrefix("~/") else { return path }
        return context.environment["HOME"].map { $0 + path.dropFirst() }
    }

    private func load() throws(CredentialError) -> ProfileFile {
        var merged = ProfileFile()
        if let path = path("AWS_CONFIG_FILE", "config"), let text = try SmallFile.text(path, for: "AWS profiles") {
            merged.merge(ProfileFile(text, kind: .config))
        }
        if let path = path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            let text = try SmallFile.text(path, for: "AWS profiles")
        {
            merged.merge(ProfileFile(text, kind: .credentials))
        }
        return merged
    }

    private typealias Profiles = [String: [String: String]]

    /// - Parameter via: The profiles whose `source_profile` led here.
    private func credentials(
        of name: String, in profiles: Profiles, via: [String]
    ) async throws -> Credentials? {
        guard let profile = profiles[name] else {
            throw CredentialError(
                "Profile \"\(via.last ?? name)\" has source_profile \"\(name)\", but there is no such profile in \(files)."
            )
        }
        guard !via.contains(name) else {
            throw CredentialError(
                "The profiles \((via + [name]).joined(separator: " → ")) in \(files) go round in a circle.")
        }
        if let role = profile["role_arn"] {
            return try await assume(role, for: name, profile, in: profiles, via: via)
        }
        if let keys = try keys(in: profile, of: name) { return keys }
        if let setting = Self.unsupported.first(where: { profile[$0] != nil }) {
            throw CredentialError(
                "Profile \"\(name)\" uses \(setting), which is not supported here; run "
                    + "eval \"$(aws configure export-credentials --profile \(name) --format env)\" first.")
        }
        return nil
    }

    private func assume(
        _ role: String, for name: String, _ profile: [String: String], in profiles: Profiles, via: [String]
    ) async throws -> Credentials {
        guard profile["mfa_serial"] == nil else {
            throw CredentialError(
                "Profile \"\(name)\" asks for an MFA code (mfa_serial), which is not supported here; use another.")
        }
        let sts = try context.sts(region: profile["region"], for: "Profile \"\(name)\"")
        let session = context.sessionName(profile["role_session_name"])
        if let file = profile["web_identity_token_file"] {
            return try await WebIdentityCredentials(
                roleARN: role, sessionName: session, tokenFile: file, sts: sts
            ).credentials()
        }
        let seconds = try profile["duration_seconds"].map { text throws(CredentialError) in
            guard let seconds = Int32(text) else {
                throw CredentialError("Profile \"\(name)\" has duration_seconds \"\(text)\", which is no number.")
            }
            return seconds
        }
        let request: AssumeRoleRequest
        do {
            request = try AssumeRoleRequest(
                roleARN: role, sessionName: session, duration: .seconds(seconds ?? 3_600),
                externalID: profile["external_id"])
        } catch {
            throw CredentialError("Profile \"\(name)\" cannot be used: \(error)")
        }
        return try await sts.assumeRole(
            request, with: try await source(of: name, profile, in: profiles, via: via))
    }

    /// The credentials a profile's role is assumed with.
    private func source(
        of name: String, _ profile: [String: String], in profiles: Profiles, via: [String]
    ) async throws -> Credentials {
        switch (profile["source_profile"], profile["credential_source"]) {
        case (name?, nil):
            // A profile may name itself, for the keys beside its role.
            if let keys = try keys(in: profile, of: name) { return keys }
        case (let source?, nil):
            if let found = try await credentials(of: source, in: profiles, via: via + [name]) { return found }
        case (nil, "Environment"?):
            return try await EnvironmentCredentials(environment: context.environment).credentials()
        case (nil, "EcsContainer"?):
            return try await ContainerCredentials(
                environment: context.environment, transport: context.transport, clock: context.clock
            ).credentials()
        case (nil, let source?):
            throw CredentialError(
                "Profile \"\(name)\" has credential_source \"\(source)\"; supported are Environment and EcsContainer.")
        case (nil, nil), (_?, _?):
            throw CredentialError(
                "Profile \"\(name)\" has a role_arn; it needs either source_profile or credential_source beside it.")
        }
        throw CredentialError(
            "Profile \"\(profile["source_profile"] ?? name)\", the source_profile of \"\(name)\", holds no credentials."
        )
    }

    private func keys(in profile: [String: String], of name: String) throws(CredentialError) -> Credentials? {
        switch (profile["aws_access_key_id"], profile["aws_secret_access_key"]) {
        case (let id?, let secret?):
            return Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"])
        case (nil, nil): return nil
        default:
            throw CredentialError(
                "Profile \"\(name)\" has only one of aws_access_key_id and aws_secret_access_key; it needs both.")
        }
    }

    /// Settings for credentials that other programs get.
    private static let unsupported = [
        "credential_process", "sso_session", "sso_start_url", "sso_account_id", "login_session",
    ]
}
