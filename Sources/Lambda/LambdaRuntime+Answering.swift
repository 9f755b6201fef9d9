import Encoding
import HTTP
import Logging

extension LambdaRuntime {
    /// How often a delivery is tried at most.
    private static let maximumAttempts = 3

    /// Runs a handler and delivers what it returned or threw.
    func answer(_ invocation: Invocation, with handler: any LambdaHandler) async {
        let mark = ThrowTrace.mark()
        do {
            let answer = try await handler.handle(invocation.event, context: invocation.context)
            await deliver("The answer, \(answer.count) bytes,", to: invocation) {
                try await client.respond(to: invocation, with: answer)
            }
        } catch {
            await report(ErrorReport(.function, error, stack: ThrowTrace.stack(of: error, since: mark)), of: invocation)
        }
    }

    /// Runs a handler and sends its answer from the first piece on.
    func stream(_ invocation: Invocation, from handler: any StreamingLambdaHandler) async {
        let channel = ResponseChannel()
        async let handled: Void = Self.run(handler, on: invocation, into: channel)
        switch await channel.opening() {
        case .failure(let failure):
            await handled
            await report(failure, of: invocation)
        case .answer(let contentType):
            let body = HTTPBodyStream(trailers: { Self.trailers(channel.failure) }, next: { await channel.next() })
            // Once only: the pieces that were sent are gone.
            await deliver("The streamed answer", to: invocation, attempts: 1) {
                try await client.respond(to: invocation, contentType: contentType, streaming: body)
            }
            channel.abandon()
            await handled
            if let failure = channel.failure {
                logger.error("The streamed answer was broken off: \(failure.type): \(failure.message)")
            }
        }
    }

    private static func run(
        _ handler: any StreamingLambdaHandler, on invocation: Invocation, into channel: ResponseChannel
    ) async {
        let mark = ThrowTrace.mark()
        do {
            try await handler.handle(
                invocation.event, response: LambdaResponseWriter(channel), context: invocation.context)
            channel.end(nil)
        } catch {
            channel.end(ErrorReport(.function, error, stack: ThrowTrace.stack(of: error, since: mark)))
        }
    }

    /// What tells the caller that an answer was broken off (Lambda Runtime API, "Response streaming").
    private static func trailers(_ failure: ErrorReport?) -> HTTPHeaders {
        guard let failure else { return [:] }
        return [
            RuntimeAPIHeader.errorType: failure.type,
            RuntimeAPIHeader.errorBody: Base64.encode(failure.body),
        ]
    }

    private func report(_ report: ErrorReport, of invocation: Invocation) async {
        logger.error("The invocation failed: \(report.type): \(report.message)", metadata: report.stackMetadata)
        await deliver("The error", to: invocation) { try await client.report(report, of: invocation) }
    }

    /// Sends, tries again where that is safe, and says in the log when it was in vain. The
    /// loop goes on in any case: the next invocation has nothing to do with this one.
    private func deliver(
        _ what: @autoclosure () -> String, to invocation: Invocation, attempts: Int = maximumAttempts,
        _ send: () async throws -> Void
    ) async {
        var backoff = Backoff()
        var attempt = 1
        while true {
            do {
                return try await send()
            } catch let error as RuntimeAPIError where attempt < attempts && error.isWorthRepeating {
                attempt += 1
                do {
                    try await clock.sleep(for: backoff.next())
                } catch {
                    return logger.error("\(what()) was not delivered: the function was stopped.")
                }
            } catch let error as RuntimeAPIError {
                return logger.error("\(what()) was not delivered: \(error)\(error.advice).")
            } catch {
                return logger.error("\(what()) was not delivered: the function was stopped.")
            }
        }
    }
}

extension RuntimeAPIError {
    /// Only a request that certainly nobody saw. After a 500 the service may well have taken the answer, and a second
    /// one would be an answer to a request that is none any more.
    fileprivate var isWorthRepeating: Bool {
        if case .transport(let safeToRepeat) = kind { safeToRepeat } else { false }
    }

    fileprivate var advice: String {
        switch kind {
        case .status(413):
            ". It is larger than Lambda takes (6 MB, or 200 MB streamed), and Lambda has told the caller so; return "
                + "less, stream it, or put it into S3 and return its place"
        case .status(410): ". The invocation is over, most likely because its time had run out"
        case .status(400), .status(403): ". Lambda does not wait for an answer to this request, or has one"
        default: ""
        }
    }
}
