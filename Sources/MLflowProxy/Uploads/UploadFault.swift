internal import AWSCore
internal import Lambda

/// What went wrong with an upload.
enum UploadFault {
    /// The fault to answer with: the client's own mistakes in words that help to mend them.
    ///
    /// - Throws: `CancellationError` when that is what happened.
    static func of(_ error: any Error, context: LambdaContext) throws -> ProxyError {
        guard let error = error as? ServiceError else {
            return try OwnFault.of(error, service: "S3", context: context)
        }
        switch error.code {
        case "NoSuchUpload":
            return ProxyError(
                status: 404, code: "RESOURCE_DOES_NOT_EXIST",
                message: "There is no such upload: it was completed or aborted, or never began for this artifact.")
        case "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
            return .invalidParameter(
                "S3 cannot make the artifact of these parts (\(error.code)): send each part with its whole size, and the "
                    + "ETag that S3 answered to it.")
        default: return try OwnFault.of(error, service: "S3", context: context)
        }
    }
}
