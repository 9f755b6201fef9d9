public import HTTP
internal import JSON
public import Logging
public import Timestamps

/// Puts an answer to CloudFormation's presigned URL, in the one form its signature allows.
public struct CustomResourceResponder: Sendable {
    /// The time one try may take.
    static let tryTimeout = Duration.seconds(10)
    /// The span of the first wait between tries; it doubles up to ``longestWait``.
    static let firstWait = Duration.milliseconds(250)
    /// The span no wait exceeds.
    static let longestWait = Duration.seconds(5)
    /// The tries after which a 403 is believed: S3 answers it for a moment, too, while it learns of credentials and
    /// policies. A URL that has expired is not tried again at all.
    static let forbiddenTries = 3

    private let transport: any HTTPTransport
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let jitter: @Sendable () -> Double

    /// Makes a responder.
    ///
    /// - Parameter jitter: A number from 0 to 1, by which half of every wait is scaled.
    public init(
        transport: any HTTPTransport, clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.transport = transport
        self.clock = clock
        self.now = now
        self.jitter = jitter
    }

    /// Sends an answer until it is taken or refused for good, or the deadline is near.
    ///
    /// - Throws: ``ReplyDeliveryError``; `CancellationError` when the task was cancelled.
    public func send(_ body: [UInt8], to url: String, until deadline: Timestamp, logger: Logger) async throws {
        guard let parts = URLParts(url) else {
            throw ReplyDeliveryError(
                isFinal: true, reason: "the ResponseURL is no absolute URL; is the event a real request?")
        }
        // An empty type: the URL's signature covers an empty one, and any other is refused (403).
        let request = HTTPRequest(
            .put, scheme: parts.scheme, authority: parts.authority, path: parts.path.isEmpty ? "/" : parts.path,
            query: parts.query, headers: ["Content-Type": ""], body: .bytes(body))
        let expiry = Self.expiry(of: parts)
        var span = Self.firstWait
        var attempt = 1
        var forbidden = 0
        while true {
            let failure = try await send(request, timeout: min(Self.tryTimeout, max(.seconds(1), deadline - now())))
            guard let failure else { return }
            let wait = span / 2 + span / 2 * jitter()
            if failure.isForbidden { forbidden += 1 }
            let isExpired = expiry.map { now() + wait >= $0 } ?? false
            let isFinal =
                failure.isFinal || (failure.isForbidden && (forbidden >= Self.forbiddenTries || isExpired))
            guard !isFinal, now() + wait < deadline else {
                throw ReplyDeliveryError(
                    isFinal: isFinal, reason: failure.reason + (attempt > 1 ? " (try \(attempt))" : ""))
            }
            logger.warning("The answer could not be sent; trying again in \(wait): \(failure.reason).")
            try await clock.sleep(for: wait)
            span = min(span * 2, Self.longestWait)
            attempt += 1
        }
    }

    /// Sends once.
    ///
    /// - Returns: Why it failed, or nil when the answer was taken.
    private func send(_ request: HTTPRequest, timeout: Duration) async throws -> Failure? {
        let options = TransferOptions(timeout: timeout, connectTimeout: .seconds(5), maximumResponseBytes: 64 << 10)
        do {
            let response = try await transport.send(request, options: options)
            guard !(200..<300).contains(response.status) else { return nil }
            return Self.failure(of: response)
        } catch let error as TransportError {
            // The error's own text holds the URL's path; host and reason say enough.
            let reason = "\(request.authority) cannot be reached: \(error.reason)"
            return Failure(reason, isFinal: error.kind == .invalidRequest)
        }
    }

    /// Why one try failed.
    private struct Failure {
        var reason: String
        /// Whether trying again is in vain.
        var isFinal: Bool
        /// Whether S3 forbade it, which may pass.
        var isForbidden: Bool

        init(_ reason: String, isFinal: Bool, isForbidden: Bool = false) {
            self.reason = reason
            self.isFinal = isFinal
            self.isForbidden = isForbidden
        }
    }

    private static func failure(of response: HTTPResponse) -> Failure {
        let code = code(in: response.body)
        let shown = "S3 answered \(response.status)" + (code.map { " \($0)" } ?? "")
        switch response.status {
        case 408, 429, 500...: return Failure(shown, isFinal: false)
        case 400 where code == "RequestTimeout": return Failure(shown, isFinal: false)
        case 403:
            return Failure(
                shown
                    + ": the ResponseURL has expired or was altered, or the policy of an S3 endpoint of the VPC "
                    + "forbids the bucket of CloudFormation's answers", isFinal: false, isForbidden: true)
        default: return Failure(shown, isFinal: true)
        }
    }

    /// When a presigned URL ends (`X-Amz-Date` and `X-Amz-Expires`), or nil when it does not say.
    private static func expiry(of parts: URLParts) -> Timestamp? {
        func parameter(_ name: String) -> String? {
            parts.query?.split(separator: "&").first { $0.hasPrefix("\(name)=") }
                .map { String($0.dropFirst(name.utf8.count + 1)) }
        }
        guard let date = parameter("X-Amz-Date").flatMap({ Timestamp(iso8601: $0) }),
            let seconds = parameter("X-Amz-Expires").flatMap({ Int64($0) }), (0...604_800).contains(seconds)
        else { return nil }
        return date + .seconds(seconds)
    }

    /// The code of S3's error document, when it looks like one.
    private static func code(in body: [UInt8]) -> String? {
        let open = Array("<Code>".utf8)
        guard let start = body.indices.first(where: { body[$0...].starts(with: open) }) else { return nil }
        let text = body[(start + open.count)...].prefix { (0x61...0x7A).contains($0 | 0x20) }
        return text.isEmpty || text.count > 64 ? nil : String(decoding: text, as: UTF8.self)
    }
}

/// Why CloudFormation did not get an answer.
public struct ReplyDeliveryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether trying again is in vain.
    public let isFinal: Bool
    /// What went wrong; no secret in it.
    public let reason: String

    /// One sentence.
    public var description: String { "CloudFormation did not get the answer: \(reason)." }
}
