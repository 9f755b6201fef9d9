internal import AWSCore

extension ServiceError {
    /// The error of a call to S3 with the object it was about, and in words where S3 has none: the answer to a HEAD has no
    /// body, and that of another region speaks of signatures.
    func explained(_ location: S3Location, clientRegion: String) -> ServiceError {
        var error = self
        let place = location.key.isEmpty ? "s3://\(location.bucket)" : location.description
        error.message = "\(place): \(explanation(location, clientRegion: clientRegion) ?? message)"
        return error
    }

    private func explanation(_ location: S3Location, clientRegion: String) -> String? {
        if let region, region != clientRegion {
            return "the bucket is in the region \(region), but was looked for in \(clientRegion); "
                + "use a bucket of \(clientRegion)."
        }
        switch (status, message.isEmpty) {
        case (300..<400, _):
            return "S3 sends the request to another address, which is not followed; the bucket is new or not in "
                + "\(clientRegion)."
        case (403, true):
            return "access is refused. Without s3:ListBucket on the bucket, S3 says so of a missing object too."
        case (404, true):
            return location.key.isEmpty ? "there is no such bucket." : "there is no such object or bucket."
        case (400, true):
            return
                "S3 does not say why. The bucket may not be in \(clientRegion), or the credentials are no longer valid."
        default: return nil
        }
    }
}
