public import Timestamps

/// A tracking server in the list of all.
public struct MLflowTrackingServerSummary: Sendable, Hashable {
    /// Its ARN.
    public var arn: String
    /// Its name, unique in account and region.
    public var name: String
    /// Where it is in its life.
    public var status: MLflowStatus
    /// Whether it runs.
    public var isActive: Bool?
    /// When it was made.
    public var creationTime: Timestamp?
    /// When it was last changed.
    public var lastModifiedTime: Timestamp?
    /// The version of MLflow it runs.
    public var mlflowVersion: String?
}

/// A tracking server.
public struct MLflowTrackingServer: Sendable, Hashable {
    /// Its ARN.
    public var arn: String
    /// Its name, unique in account and region.
    public var name: String
    /// Where it is in its life.
    public var status: MLflowStatus
    /// Whether it runs.
    public var isActive: Bool?
    /// The address of its user interface.
    public var url: String?
    /// The place of the artifacts in S3.
    public var artifactStoreURI: String?
    /// The role it works with.
    public var roleARN: String?
    /// `Small`, `Medium` or `Large`.
    public var size: String?
    /// The version of MLflow it runs.
    public var mlflowVersion: String?
    /// Whether models are registered in SageMaker's registry too.
    public var automaticModelRegistration: Bool?
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// How its maintenance stands: `MaintenanceInProgress` and its like.
    public var maintenanceStatus: MLflowStatus?
    /// The account that has to own the bucket.
    public var bucketOwnerAccountID: String?
    /// Whether the bucket's owner is verified.
    public var bucketOwnerVerification: Bool?
    /// When it was made.
    public var creationTime: Timestamp?
    /// When it was last changed.
    public var lastModifiedTime: Timestamp?
}

/// What a tracking server is made of (CreateMlflowTrackingServer); what is nil is left to SageMaker.
public struct CreateMLflowTrackingServerInput: Sendable, Hashable {
    /// Its name: letters, digits and hyphens.
    public var name: String
    /// The place of the artifacts in S3.
    public var artifactStoreURI: String
    /// The role it works with.
    public var roleARN: String
    /// `Small`, `Medium` or `Large`.
    public var size: String?
    /// The version of MLflow to run.
    public var mlflowVersion: String?
    /// Whether models are registered in SageMaker's registry too.
    public var automaticModelRegistration: Bool?
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// The account that has to own the bucket.
    public var bucketOwnerAccountID: String?
    /// Whether to verify the bucket's owner.
    public var bucketOwnerVerification: Bool?
    /// Its tags.
    public var tags: [String: String]

    /// Makes an input of its parts.
    public init(
        name: String, artifactStoreURI: String, roleARN: String, size: String? = nil, mlflowVersion: String? = nil,
        automaticModelRegistration: Bool? = nil, weeklyMaintenanceWindowStart: String? = nil,
        bucketOwnerAccountID: String? = nil, bucketOwnerVerification: Bool? = nil, tags: [String: String] = [:]
    ) {
        self.name = name
        self.artifactStoreURI = artifactStoreURI
        self.roleARN = roleARN
        self.size = size
        self.mlflowVersion = mlflowVersion
        self.automaticModelRegistration = automaticModelRegistration
        self.weeklyMaintenanceWindowStart = weeklyMaintenanceWindowStart
        self.bucketOwnerAccountID = bucketOwnerAccountID
        self.bucketOwnerVerification = bucketOwnerVerification
        self.tags = tags
    }
}

/// What is changed of a tracking server (UpdateMlflowTrackingServer); what is nil stays as it is.
public struct UpdateMLflowTrackingServerInput: Sendable, Hashable {
    /// The tracking server.
    public var name: String
    /// The new place of the artifacts in S3.
    public var artifactStoreURI: String?
    /// `Small`, `Medium` or `Large`.
    public var size: String?
    /// Whether models are registered in SageMaker's registry too.
    public var automaticModelRegistration: Bool?
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// The account that has to own the bucket.
    public var bucketOwnerAccountID: String?
    /// Whether to verify the bucket's owner.
    public var bucketOwnerVerification: Bool?

    /// Makes an input of its parts.
    public init(
        name: String, artifactStoreURI: String? = nil, size: String? = nil, automaticModelRegistration: Bool? = nil,
        weeklyMaintenanceWindowStart: String? = nil, bucketOwnerAccountID: String? = nil,
        bucketOwnerVerification: Bool? = nil
    ) {
        self.name = name
        self.artifactStoreURI = artifactStoreURI
        self.size = size
        self.automaticModelRegistration = automaticModelRegistration
        self.weeklyMaintenanceWindowStart = weeklyMaintenanceWindowStart
        self.bucketOwnerAccountID = bucketOwnerAccountID
        self.bucketOwnerVerification = bucketOwnerVerification
    }
}
