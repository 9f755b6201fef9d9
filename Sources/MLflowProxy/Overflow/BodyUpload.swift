internal import AWSServices
internal import HTTP
internal import Synchronization

/// Moves a body into an object while it comes: in one request when it is small, else in parts.
///
/// At most two parts are in memory, one on its way and the next one filling, so 16 MiB whatever the body's size. The
/// object appears when it is complete, or never.
final class BodyUpload: Sendable {
    /// The size of a part in bytes, the last one's apart.
    static let partSize = 8 << 20
    /// The most parts that S3 takes; together 78 GiB.
    static let maximumParts = 10_000

    private let s3: S3Client
    private let location: S3Location
    private let headers: HTTPHeaders
    /// The upload that is neither complete nor given up.
    private let openUpload = Mutex<String?>(nil)

    init(_ s3: S3Client, to location: S3Location, headers: HTTPHeaders) {
        self.s3 = s3
        self.location = location
        self.headers = headers
    }

    /// Reads the body to its end and stores it.
    ///
    /// - Parameter isTooSlow: Asked after each part, with the bytes stored so far: whether to give up.
    /// - Returns: The bytes stored.
    /// - Throws: ``StorageError`` for what S3 refused, what reading the body throws, ``TimeLimit/Exceeded`` when it is too
    ///   slow. ``abort()`` then frees what is in S3.
    func run(_ body: HTTPBodyReader, isTooSlow: (_ stored: Int) -> Bool = { _ in false }) async throws -> Int {
        let source = PartSource(body, size: Self.partSize)
        try await source.load()
        guard !source.isLast else {
            try await StorageError.wrapping { try await s3.put(location, body: source.take(), headers: headers) }
            return source.count
        }
        let uploadID = try await StorageError.wrapping {
            try await s3.createMultipartUpload(location, headers: headers)
        }
        openUpload.withLock { $0 = uploadID }
        let (parts, count) = try await store(source, uploadID, isTooSlow)
        try await StorageError.wrapping {
            try await s3.completeMultipartUpload(location, uploadID: uploadID, parts: parts)
        }
        openUpload.withLock { $0 = nil }
        return count
    }

    private func store(
        _ source: PartSource, _ uploadID: String, _ isTooSlow: (_ stored: Int) -> Bool
    ) async throws -> (parts: [S3Part], count: Int) {
        try await withThrowingTaskGroup(of: S3Part.self) { group in
            var parts: [S3Part] = []
            var count = 0
            while true {
                let number = parts.count + 1
                guard number <= Self.maximumParts else { throw StorageError(reason: TooManyParts()) }
                group.addTask { [self, bytes = source.take()] in
                    let tag = try await StorageError.wrapping {
                        try await s3.uploadPart(location, uploadID: uploadID, number: number, body: bytes)
                    }
                    return S3Part(number: number, entityTag: tag)
                }
                count += source.count
                let isLast = source.isLast
                if !isLast { try await source.load() }
                if let stored = try await group.next() { parts.append(stored) }
                if isLast { return (parts, count) }
                if isTooSlow(count) { throw TimeLimit.Exceeded() }
            }
        }
    }

    /// Gives up what was begun, if anything was. A failure is left to the bucket's life-cycle rule.
    func abort() async {
        let uploadID = openUpload.withLock { id in
            defer { id = nil }
            return id
        }
        guard let uploadID else { return }
        try? await s3.abortMultipartUpload(location, uploadID: uploadID)
    }

    /// The body is larger than an object in parts of this size can be.
    private struct TooManyParts: Error, CustomStringConvertible {
        var description: String { "the answer is larger than \(maximumParts) parts of \(partSize) bytes" }
    }
}
