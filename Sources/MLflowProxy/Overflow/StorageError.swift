internal import AWSCore

/// A call to S3 failed; the reason is for the log, since it names the bucket.
struct StorageError: Error {
    let reason: any Error

    /// Whether another try may go better.
    var isTransient: Bool {
        guard let error = reason as? ServiceError else { return true }
        return error.isTransient || error.isThrottling
    }

    /// Makes failures of S3 recognisable as such; a cancellation stays what it is.
    static func wrapping<Value>(_ call: () async throws -> Value) async throws -> Value {
        do {
            return try await call()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw StorageError(reason: error)
        }
    }
}
