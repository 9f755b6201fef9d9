/// Why a call to S3 was not made.
public struct S3ArgumentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence for a person.
    public var description: String

    init(_ description: String) {
        self.description = description
    }

    static func check(_ location: S3Location) throws(S3ArgumentError) {
        try check(bucket: location.bucket)
        // Without a key the request would be about the bucket: a PUT would make it, a DELETE would remove it.
        guard !location.key.isEmpty, location.key.utf8.count <= 1024 else {
            throw S3ArgumentError(
                "The key of an object in the S3 bucket \(location.bucket) has \(location.key.utf8.count) bytes; "
                    + "a key has 1 to 1024.")
        }
    }

    static func check(bucket: String) throws(S3ArgumentError) {
        guard S3Location.isBucketName(bucket) else {
            throw S3ArgumentError(
                "\"\(bucket)\" is not the name of an S3 bucket: that is 3 to 63 letters, digits, dots and hyphens, "
                    + "a letter or a digit first and last; an ARN is not one.")
        }
    }

    static func check(bodySize: Int) throws(S3ArgumentError) {
        guard bodySize <= 5 << 30 else {
            throw S3ArgumentError("\(bodySize) bytes are too many for one upload to S3: 5 GiB is the most.")
        }
    }

    static func check(partNumber: Int) throws(S3ArgumentError) {
        guard (1...10_000).contains(partNumber) else {
            throw S3ArgumentError("\(partNumber) is not the number of a part: parts are numbered from 1 to 10000.")
        }
    }

    static func check(expiresIn: Duration) throws(S3ArgumentError) {
        guard expiresIn >= .seconds(1), expiresIn <= .seconds(604_800) else {
            throw S3ArgumentError(
                "A presigned URL cannot hold for \(expiresIn.components.seconds) seconds: 1 second to 7 days "
                    + "(604800 seconds) it can.")
        }
    }
}
