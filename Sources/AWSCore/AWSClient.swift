public import AWSSigning
public import HTTP
public import Timestamps

/// Calls one service: signs, sends, and tries again as the SDKs' standard mode does.
///
/// Every try is signed anew. Throttling, transient errors and failures of the network are tried again as far as the quota
/// of this client goes; a refused time of signing is corrected from the service's own clock, and expired credentials are
/// fetched anew, once a call each.
public struct AWSClient: Sendable {
    /// The form in which a service words its errors.
    public enum ErrorForm: Sendable, Hashable {
        /// The query protocol, EC2's, S3's.
        case xml
        /// JSON 1.1 and REST with JSON.
        case json
    }

    /// Where the service is.
    public let endpoint: ServiceEndpoint
    /// Signs the calls; also for URLs that are handed out.
    public let signer: SigV4Signer
    /// What calls are signed with.
    public let credentials: any CredentialProvider
    /// Waits between tries, and between the polls of whoever uses the client.
    public let clock: any Clock<Duration>
    private let errorForm: ErrorForm
    private let transport: any HTTPTransport
    private let now: @Sendable () -> Timestamp
    private let retries: RetryPolicy
    private let quota = RetryQuota()
    private let skew = ClockSkew()

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - endpoint: Where the service is.
    ///   - errorForm: How it words its errors.
    ///   - signing: How it wants requests signed.
    ///   - credentials: What requests are signed with; asked for every try, so it should cache.
    ///   - transport: How requests are sent.
    ///   - clock: Waits between tries.
    ///   - now: The time of signing, by this machine's clock.
    ///   - retries: How failed calls are tried again.
    public init(
        endpoint: ServiceEndpoint, errorForm: ErrorForm, signing: SigningSettings = .standard,
        credentials: any CredentialProvider, transport: any HTTPTransport, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now, retries: RetryPolicy = RetryPolicy()
    ) {
        self.endpoint = endpoint
        self.errorForm = errorForm
        signer = endpoint.signer(settings: signing)
        self.credentials = credentials
        self.transport = transport
        self.clock = clock
        self.now = now
        self.retries = retries
    }

    /// The service's time, for signatures made outside of ``send(_:_:options:)``: presigned URLs.
    public var time: Timestamp { skew.corrected(now()) }

    /// How a call to AWS is carried out as a rule: answers come soon and are small, and the call may go out twice, since
    /// carrying it out twice does what carrying it out once does.
    public static let options = TransferOptions(timeout: .seconds(30), maximumResponseBytes: 16 << 20, mayRepeat: true)

    /// How a call is carried out that must not be carried out twice, such as one that makes something anew each time: it
    /// is tried again only when the service surely did not act on it, that is when nothing was sent or it throttled.
    public static let onceOnly = TransferOptions(
        timeout: .seconds(30), maximumResponseBytes: 16 << 20, mayRepeat: false)

    /// Carries out a call.
    ///
    /// - Parameters:
    ///   - operation: The call's name, for messages: `DescribeVpcs`.
    ///   - request: The call, unsigned.
    ///   - options: How it is carried out; `mayRepeat` decides about tries after an unclear end too.
    ///   - isRefusal: Whether an answer is an error. S3 has redirections, and errors with the status 200.
    /// - Returns: The answer, which is no refusal.
    /// - Throws: ``ServiceError`` with what the service said last, `TransportError` when it could not be reached, what the
    ///   credentials' source throws, `CancellationError`.
    public func send(
        _ operation: String, _ request: HTTPRequest, options: TransferOptions = AWSClient.options,
        isRefusal: (HTTPResponse) -> Bool = { $0.status >= 400 }
    ) async throws -> HTTPResponse {
        var attempt = 1
        var cost: Int?
        var hasCorrectedTime = false
        var hasRenewedCredentials = false
        while true {
            let used = try await credentials.credentials()
            let failure: any Error
            do {
                let response = try await transport.send(signer.sign(request, with: used, at: time), options: options)
                if !isRefusal(response) {
                    quota.giveBack(cost)
                    return response
                }
                let error = error(operation, response)
                if !hasCorrectedTime, skew.learn(from: error, response, now: now()) {
                    hasCorrectedTime = true
                    continue
                }
                if !hasRenewedCredentials, error.isAboutExpiredCredentials {
                    hasRenewedCredentials = true
                    credentials.discard(used)
                    if try await credentials.credentials() != used { continue }
                }
                failure = error
            } catch let error as TransportError {
                failure = error
            }
            try Task.checkCancellation()
            guard options.mayRepeat != false || Self.wasNotCarriedOut(failure),
                let wait = retries.wait(after: failure, attempt: attempt),
                let taken = quota.take(afterTimeout: (failure as? TransportError)?.kind == .timeout)
            else { throw failure }
            cost = taken
            try await clock.sleep(for: wait)
            attempt += 1
        }
    }

    /// Whether the service surely did nothing of what was asked.
    private static func wasNotCarriedOut(_ failure: any Error) -> Bool {
        (failure as? TransportError)?.nothingWasSent == true || (failure as? ServiceError)?.isThrottling == true
    }

    private func error(_ operation: String, _ response: HTTPResponse) -> ServiceError {
        switch errorForm {
        case .xml: ServiceError(service: endpoint.service.name, operation: operation, xml: response)
        case .json: ServiceError(service: endpoint.service.name, operation: operation, json: response)
        }
    }
}
