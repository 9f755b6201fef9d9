public import AWSCore
internal import AWSSigning
public import Logging
internal import Synchronization
public import Timestamps

/// A session of the assumed role for each person, whose source identity is the person, so that CloudTrail shows who did
/// what (`PROXY_SOURCE_IDENTITY`).
///
/// The number of sessions is bounded: when there are too many, the one that was used longest ago is forgotten, and its
/// person's next request assumes the role again.
public final class CallerSessions: Sendable {
    /// The most sessions kept.
    public static let capacity = 64

    private let role: AssumeRoleRequest
    private let source: any CredentialProvider
    private let sts: STSClient
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let state = Mutex((sessions: [String: (credentials: CachedCredentials, lastUse: Int)](), uses: 0))

    /// Makes an empty cache.
    ///
    /// - Parameters:
    ///   - role: The role; everything of it but the source identity is the same for all.
    ///   - source: The credentials it is assumed with.
    ///   - sts: Where it is assumed.
    ///   - logger: Where renewals that failed are told.
    ///   - now: The time.
    public init(
        role: AssumeRoleRequest, source: any CredentialProvider, sts: STSClient, logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.role = role
        self.source = source
        self.sts = sts
        self.logger = logger
        self.now = now
    }

    /// The credentials of a person's session, which are fetched when they are first asked for.
    func credentials(of caller: Caller) -> any CredentialProvider {
        state.withLock { state in
            state.uses += 1
            let known = state.sessions[caller.sourceIdentity]?.credentials
            if known == nil, state.sessions.count >= Self.capacity,
                let oldest = state.sessions.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.sessions[oldest.key] = nil
            }
            let credentials = known ?? session(caller.sourceIdentity)
            state.sessions[caller.sourceIdentity] = (credentials, state.uses)
            return credentials
        }
    }

    private func session(_ sourceIdentity: String) -> CachedCredentials {
        CachedCredentials(
            PersonalRole(role: role, sourceIdentity: sourceIdentity, source: source, sts: sts), logger: logger, now: now
        )
    }
}

/// The credentials of the role with a source identity; every call assumes it anew.
private struct PersonalRole: CredentialProvider {
    let role: AssumeRoleRequest
    let sourceIdentity: String
    let source: any CredentialProvider
    let sts: STSClient

    func credentials() async throws -> Credentials {
        let request = try AssumeRoleRequest(
            roleARN: role.roleARN, sessionName: role.sessionName, duration: role.duration, externalID: role.externalID,
            sourceIdentity: sourceIdentity, tags: role.tags, transitiveTagKeys: role.transitiveTagKeys)
        return try await sts.assumeRole(request, with: source.credentials())
    }
}
