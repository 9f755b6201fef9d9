internal import AWSCore
internal import AWSServices
internal import AWSSigning
internal import HTTP
internal import Lambda
internal import Logging
internal import Timestamps

/// The bucket for answers that do not fit through the load balancer, and the way of clients to what is in it.
struct OverflowStore: Sendable {
    /// How long the address of a file of the user interface holds.
    static let assetLife = Duration.seconds(3_600)
    /// How long the address of any other answer holds: clients follow a redirect at once.
    static let answerLife = Duration.seconds(300)
    /// The end of the invocation belongs to giving an upload up and to the answer that says so.
    static let reserve = Duration.seconds(2)
    /// The longest that a look into the bucket may keep a file waiting that is most likely small.
    private static let longestLook = Duration.seconds(3)

    private let place: OverflowPlace
    private let client: AWSClient
    private let s3: S3Client
    private let upstreamARN: String
    private let now: @Sendable () -> Timestamp
    private let memory = AssetMemory()

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - place: Bucket and prefix.
    ///   - client: Calls S3.
    ///   - upstreamARN: The MLflow whose answers these are.
    init(
        _ place: OverflowPlace, client: AWSClient, upstreamARN: String, now: @escaping @Sendable () -> Timestamp
    ) {
        self.place = place
        self.client = client
        s3 = S3Client(client)
        self.upstreamARN = upstreamARN
        self.now = now
    }

    /// Where a browser is sent to: the bucket's own host, or the endpoint that was configured.
    var origin: WebOrigin? {
        let endpoint = client.endpoint
        let authority = endpoint.isOverridden ? endpoint.authority : "\(place.bucket).\(endpoint.authority)"
        return WebOrigin(scheme: endpoint.scheme, authority: authority)
    }

    // MARK: Files of the user interface

    /// The redirect to a file that is in the bucket already, so that MLflow need not be asked; nil when it is not there,
    /// or S3 does not say.
    func redirectToAsset(for use: AnswerUse, _ context: LambdaContext) async throws -> HTTPResponse? {
        guard let location = assetLocation(for: use), use.mayLeave else { return nil }
        switch memory.entry(for: location.key, at: now()) {
        case .small: return nil
        case .stored: return try await assetRedirect(to: location, for: use, context)
        case nil:
            guard memory.mayLook(at: now()), try await isThere(location, context) else { return nil }
            memory.remember(location.key, .stored(nil), at: now())
            return try await assetRedirect(to: location, for: use, context)
        }
    }

    /// Notes that a file fits into an answer, so that S3 need not be asked for it.
    func noteSmall(_ use: AnswerUse) {
        guard let location = assetLocation(for: use) else { return }
        memory.remember(location.key, .small, at: now())
    }

    private func assetLocation(for use: AnswerUse) -> S3Location? {
        use.asset.map { location(OverflowKey.asset($0, of: upstreamARN, takesGzip: use.takesGzip)) }
    }

    private func location(_ key: String) -> S3Location {
        S3Location(bucket: place.bucket, key: place.prefix + key)
    }

    private func isThere(_ location: S3Location, _ context: LambdaContext) async throws -> Bool {
        do {
            return try await TimeLimit.run(Self.longestLook, clock: client.clock) {
                try await s3.head(location) != nil
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as ServiceError where error.status == 403 {
            // Who may not list the bucket is not told that an object is missing.
            return false
        } catch {
            context.logger.warning("S3 does not say whether \(location) is there: \(error)")
            memory.lookFailed(at: now())
            return false
        }
    }

    private func assetRedirect(
        to location: S3Location, for use: AnswerUse, instead answer: HTTPResponse? = nil, _ context: LambdaContext
    ) async throws -> HTTPResponse {
        let time = now()
        // A browser keeps what is behind a URL by that URL, so the same one is handed out while it holds long enough.
        if case .stored(let address?) = memory.entry(for: location.key, at: time),
            address.expires - time > Self.assetLife / 2
        {
            return redirect(to: address, for: use, instead: answer, at: time)
        }
        let address = try await address(of: location, life: Self.assetLife, context)
        memory.remember(location.key, .stored(address), at: time)
        return redirect(to: address, for: use, instead: answer, at: time)
    }

    private func redirect(
        to address: PresignedAddress, for use: AnswerUse, instead answer: HTTPResponse?, at time: Timestamp
    ) -> HTTPResponse {
        // Whoever follows it at the end of its life still has some minutes.
        let life = max(.zero, address.expires - time - .seconds(300))
        return OverflowRedirect.make(to: address.url, for: use, life: life, instead: answer)
    }

    // MARK: Storing

    /// Stores an answer and makes the redirect to it.
    ///
    /// - Parameters:
    ///   - answer: The answer's status and headers.
    ///   - body: Its body, on its way.
    ///   - knownLength: The body's length in bytes, where it is known beforehand.
    /// - Returns: The redirect, and how many bytes were stored.
    /// - Throws: ``ProxyError``; what reading the body throws; `CancellationError`. Nothing is then in the bucket.
    func store(
        _ answer: HTTPResponse, body: HTTPBodyReader, knownLength: Int?, for use: AnswerUse, _ context: LambdaContext
    ) async throws -> (redirect: HTTPResponse, bytes: Int) {
        let asset = assetLocation(for: use)
        let location = asset ?? location(OverflowKey.answer())
        let headers = StoredHeaders.make(of: answer, isImmutable: asset != nil)
        let bytes = try await upload(body, to: location, headers, knownLength: knownLength, path: use.path, context)
        guard asset == nil else {
            memory.remember(location.key, .stored(nil), at: now())
            return (try await assetRedirect(to: location, for: use, instead: answer, context), bytes)
        }
        let address = try await address(of: location, life: Self.answerLife, context)
        return (OverflowRedirect.make(to: address.url, for: use, life: nil, instead: answer), bytes)
    }

    private func upload(
        _ body: HTTPBodyReader, to location: S3Location, _ headers: HTTPHeaders, knownLength: Int?, path: String,
        _ context: LambdaContext
    ) async throws -> Int {
        let limit = context.remainingTime(at: now()).map { $0 - Self.reserve }
        let upload = BodyUpload(s3, to: location, headers: headers)
        let pace = UploadPace(limit: limit, total: knownLength, watch: Stopwatch(client.clock))
        do {
            guard let limit else { return try await upload.run(body) }
            guard limit > .zero else { throw TimeLimit.Exceeded() }
            return try await TimeLimit.run(limit, clock: client.clock) {
                try await upload.run(body) { pace.isTooSlow(stored: $0) }
            }
        } catch {
            body.cancel()
            await upload.abort()
            switch error {
            case is TimeLimit.Exceeded:
                throw ProxyError.gatewayTimeout(
                    "The answer to \(path) is too large to be moved to S3 in the time that the function has. Ask for "
                        + "less, download the artifact from its bucket, or give the function more time.")
            case let error as StorageError: throw fault(error, path: path, context)
            default: throw error
            }
        }
    }

    private func address(
        of location: S3Location, life: Duration, _ context: LambdaContext
    ) async throws -> PresignedAddress {
        do {
            return try await StorageError.wrapping {
                // A signature holds no longer than the credentials it was made with. They are asked first: if they are
                // renewed in between, the address holds for longer than is said here, and not for less.
                let end = now() + life
                let expiration = try await client.credentials.credentials().expiration
                let url = try await s3.presignedURL(.get, location, expiresIn: life)
                return PresignedAddress(url: url, expires: expiration.map { min($0, end) } ?? end)
            }
        } catch let error as StorageError {
            throw fault(error, path: location.key, context)
        }
    }

    private func fault(_ error: StorageError, path: String, _ context: LambdaContext) -> ProxyError {
        context.logger.error("an answer that is too large cannot be stored: \(error.reason)")
        let message = "The answer to \(path) does not fit through the load balancer and cannot be stored in S3"
        guard error.isTransient else {
            // Another try would read the whole answer again, for the same refusal.
            return .tooLarge("\(message): the bucket does not take it. The proxy's log has the reason.")
        }
        return .unavailable("\(message) at the moment. Try again; the proxy's log has the reason.")
    }
}

/// How fast an upload is, against the time there is for it.
struct UploadPace: Sendable {
    /// The time for the whole upload; nil for any.
    let limit: Duration?
    /// The bytes of the whole upload; nil when that is not known.
    let total: Int?
    /// Runs from the start of the upload.
    let watch: Stopwatch

    /// The first seconds say little.
    private static let warmUp = Duration.seconds(5)

    /// Whether an upload that goes on as it did will not end in time. Better said now than when the time is up.
    func isTooSlow(stored: Int) -> Bool {
        guard let limit, let total, stored > 0 else { return false }
        let elapsed = watch.elapsed
        return elapsed > Self.warmUp && elapsed * (Double(total) / Double(stored)) > limit
    }
}
