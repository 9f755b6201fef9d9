internal import Compression
internal import HTTP
internal import Lambda
internal import Logging

/// Gets the service's answer to the client in a form that the load balancer takes.
struct AnswerDelivery: Sendable {
    var client: UpstreamClient
    let response: UpstreamResponse
    let overflow: OverflowStore?
    let clock: any Clock<Duration>

    /// Asks the service, unless the answer is in the bucket already.
    ///
    /// - Throws: ``ProxyError``; `CancellationError`.
    func answer(to use: AnswerUse, _ context: LambdaContext, _ log: inout AccessLog) async throws -> HTTPResponse {
        if let redirect = try await overflow?.redirectToAsset(for: use, context) { return redirect }
        var use = use
        var incoming = try await ask(use.request, context, &log)
        if overflow != nil, use.mayLeave, incoming.status == 206, !fitsAsRange(incoming) {
            // S3 cuts ranges itself: the client repeats its request there. A range that was given is one of the content
            // of now, so what was said about an older one is settled.
            use.request = use.whole
            incoming = try await ask(use.request, context, &log)
        }
        let answer = try response.make(from: incoming.head, to: use.request, logger: context.logger)
        do {
            let fitted = try await AnswerFitting(overflow: overflow).fit(
                answer, rest: incoming.rest, for: use, context)
            log.overflowBytes = fitted.storedBytes
            return fitted.response
        } catch let error as TransportError {
            throw client.fault(error, path: use.request.path, context)
        } catch let error as GzipError {
            context.logger.error("the answer to \(use.path) cannot be compressed: \(error)")
            throw ProxyError.unavailable("The proxy could not compress the answer. Try again, or ask for less.")
        }
    }

    private func ask(
        _ request: HTTPRequest, _ context: LambdaContext, _ log: inout AccessLog
    ) async throws -> UpstreamAnswer {
        let watch = Stopwatch(clock)
        defer { log.upstream = (log.upstream ?? .zero) + watch.elapsed }
        return try await client.send(request, context: context)
    }

    private func fitsAsRange(_ incoming: UpstreamAnswer) -> Bool {
        incoming.rest == nil && AnswerLimit.fits(incoming.head)
    }
}
