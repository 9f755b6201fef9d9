internal import Compression
internal import HTTP
internal import Lambda

/// Makes an answer fit the load balancer's limit: compressed where the client takes that; what is too large all the same
/// goes to the bucket, or without one, when it is a script, comes in parts.
struct AnswerFitting: Sendable {
    /// The bucket, if there is one.
    let overflow: OverflowStore?

    /// An answer that fits.
    struct Fitted {
        var response: HTTPResponse
        /// The bytes that went to the bucket instead.
        var storedBytes: Int?
    }

    /// The answer in a form that fits, or in the last one that was tried.
    ///
    /// - Parameters:
    ///   - answer: The answer as MLflow gave it, with its body as far as that is read.
    ///   - rest: The rest of the body; nil when it is whole.
    ///   - use: What was asked for, and for what.
    /// - Throws: ``ProxyError`` when there is no such form; what reading the body throws.
    func fit(
        _ answer: HTTPResponse, rest: HTTPBodyReader?, for use: AnswerUse, _ context: LambdaContext
    ) async throws -> Fitted {
        guard let rest else { return try await fitWhole(answer, use, context) }
        if mayStore(answer, use) == nil, use.part != nil || isLoadedScript(answer, use) {
            let (more, isComplete) = try await rest.collect(upTo: AnswerLimit.maximumScriptBytes - answer.body.count)
            guard isComplete else { throw AnswerLimit.fault(path: use.path) }
            var whole = answer
            whole.body += more
            return try await fitWhole(whole, use, context)
        }
        return try await fitLong(answer, rest, use, context)
    }

    private func fitWhole(
        _ answer: HTTPResponse, _ use: AnswerUse, _ context: LambdaContext
    ) async throws -> Fitted {
        var plain = answer
        if let part = use.part { plain = try ScriptParts.part(part, of: answer) }
        let response = use.takesGzip ? AnswerCompression.compress(plain) : plain
        if response.body.count <= AnswerLimit.safeBodyBytes {
            if answer.status == 200 { overflow?.noteSmall(use) }
            return Fitted(response: response)
        }
        if let overflow = mayStore(response, use), !AnswerLimit.fits(response) {
            let body = HTTPBodyReader(response.body)
            return try await store(response, body, response.body.count, in: overflow, use, context)
        }
        guard overflow == nil || !use.mayLeave, isLoadedScript(plain, use) else { return Fitted(response: response) }
        return Fitted(
            response: try ScriptParts.stand(
                for: plain, path: use.path, query: use.request.query, takesGzip: use.takesGzip))
    }

    /// Fits an answer whose body is longer than any answer may be, and passes through memory in pieces.
    private func fitLong(
        _ answer: HTTPResponse, _ rest: HTTPBodyReader, _ use: AnswerUse, _ context: LambdaContext
    ) async throws -> Fitted {
        let body = rest.following(answer.body)
        guard use.takesGzip, AnswerCompression.isCompressible(answer) else {
            guard let overflow = mayStore(answer, use) else { throw AnswerLimit.fault(path: use.path) }
            let head = HTTPResponse(status: answer.status, headers: answer.headers)
            return try await store(head, body, rest.expectedLength, in: overflow, use, context)
        }
        // A file that is stored is compressed once and sent often.
        let compressed = try body.gzipped(level: use.asset != nil && overflow != nil ? .balanced : .fast)
        var response = AnswerCompression.head(answer)
        let (bytes, isComplete) = try await compressed.collect(upTo: AnswerLimit.safeBodyBytes)
        if isComplete {
            if answer.status == 200 { overflow?.noteSmall(use) }
            response.body = bytes
            return Fitted(response: response)
        }
        guard let overflow = mayStore(answer, use) else { throw AnswerLimit.fault(path: use.path) }
        return try await store(response, compressed.following(bytes), nil, in: overflow, use, context)
    }

    private func store(
        _ answer: HTTPResponse, _ body: HTTPBodyReader, _ knownLength: Int?, in overflow: OverflowStore,
        _ use: AnswerUse, _ context: LambdaContext
    ) async throws -> Fitted {
        let stored = try await overflow.store(answer, body: body, knownLength: knownLength, for: use, context)
        return Fitted(response: stored.redirect, storedBytes: stored.bytes)
    }

    /// The bucket, when the answer may come from it. S3 answers with a 200 or a part of one, so any other status has to
    /// come from here.
    private func mayStore(_ answer: HTTPResponse, _ use: AnswerUse) -> OverflowStore? {
        guard use.mayLeave, answer.status == 200 else { return nil }
        // The client would repeat both headers, and S3 might give it a range of other bytes than it has the rest of.
        guard !use.request.headers.contains("if-range") else { return nil }
        return overflow
    }

    private func isLoadedScript(_ answer: HTTPResponse, _ use: AnswerUse) -> Bool {
        let encoding = answer.headers["content-encoding"]
        return use.isScript && answer.status == 200 && use.request.method == .get
            && AnswerCompression.mediaType(answer)?.hasSuffix("javascript") == true
            && (encoding == nil || encoding == "gzip")
    }
}
