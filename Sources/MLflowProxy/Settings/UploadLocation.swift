internal import AWSServices

/// A place in S3 below which artifacts may be uploaded directly (`PROXY_UPLOAD_LOCATIONS`): the artifact store of the
/// MLflow that is shown.
///
/// Whoever may create an experiment chooses where its artifacts are. Only what lies in a place that the operator has named
/// is signed for, so that nobody makes the proxy write elsewhere.
public struct UploadLocation: Sendable, Hashable {
    /// The bucket's name.
    public let bucket: String
    /// What every key starts with: empty, or a path that ends in a slash.
    public let prefix: String

    /// Reads `s3://BUCKET` or `s3://BUCKET/PREFIX`; nil for anything else.
    public init?(_ text: String) {
        guard let location = ArtifactPlace.location(of: text) else { return nil }
        bucket = location.bucket
        prefix = location.key.isEmpty ? "" : location.key + "/"
    }

    /// Whether an object lies below the place.
    func contains(_ location: S3Location) -> Bool {
        location.bucket == bucket && location.key.utf8.count > prefix.utf8.count
            && location.key.utf8.starts(with: prefix.utf8)
    }

    /// Whether an object could be both below this place and one of the large answers.
    func overlaps(_ overflow: OverflowPlace) -> Bool {
        bucket == overflow.bucket && (prefix.hasPrefix(overflow.prefix) || overflow.prefix.hasPrefix(prefix))
    }
}
