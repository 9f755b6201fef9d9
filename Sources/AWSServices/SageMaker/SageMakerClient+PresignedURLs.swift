internal import AWSCore
internal import JSON

extension SageMakerClient {
    /// A URL that opens the user interface of a tracking server, once (CreatePresignedMlflowTrackingServerUrl). Whoever has
    /// it is signed in as the client's credentials: it is a secret.
    ///
    /// - Parameters:
    ///   - name: The tracking server.
    ///   - expiresIn: How long the URL can be opened: 5 to 300 whole seconds; nil leaves it to SageMaker.
    ///   - sessionDuration: How long its session lasts: 30 minutes to 12 hours; nil leaves it to SageMaker.
    public func createPresignedTrackingServerURL(
        name: String, expiresIn: Duration? = nil, sessionDuration: Duration? = nil
    ) async throws -> String {
        try await call(
            "CreatePresignedMlflowTrackingServerUrl",
            [
                "TrackingServerName": .string(name), "ExpiresInSeconds": .optional(expiresIn),
                "SessionExpirationDurationInSeconds": .optional(sessionDuration),
            ]
        ).text("AuthorizedUrl")
    }

    /// A URL that opens the user interface of an App, once (CreatePresignedMlflowAppUrl). Whoever has it is signed in as
    /// the client's credentials: it is a secret.
    ///
    /// - Parameters:
    ///   - arn: The App.
    ///   - expiresIn: How long the URL can be opened: 5 to 300 whole seconds; nil leaves it to SageMaker.
    ///   - sessionDuration: How long its session lasts: 30 minutes to 12 hours; nil leaves it to SageMaker.
    public func createPresignedAppURL(
        arn: String, expiresIn: Duration? = nil, sessionDuration: Duration? = nil
    ) async throws -> String {
        try await call(
            "CreatePresignedMlflowAppUrl",
            [
                "Arn": .string(arn), "ExpiresInSeconds": .optional(expiresIn),
                "SessionExpirationDurationInSeconds": .optional(sessionDuration),
            ]
        ).text("AuthorizedUrl")
    }
}
