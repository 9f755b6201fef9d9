public import Timestamps

/// An MLflow App in the list of all.
public struct MLflowAppSummary: Sendable, Hashable {
    /// Its ARN.
    public var arn: String
    /// Its name; several Apps may have the same.
    public var name: String
    /// Where it is in its life.
    public var status: MLflowStatus
    /// When it was made.
    public var creationTime: Timestamp?
    /// When it was last changed.
    public var lastModifiedTime: Timestamp?
    /// The version of MLflow it runs.
    public var mlflowVersion: String?
}

/// An MLflow App.
public struct MLflowApp: Sendable, Hashable {
    /// Its ARN.
    public var arn: String
    /// Its name; several Apps may have the same.
    public var name: String
    /// Where it is in its life.
    public var status: MLflowStatus
    /// The place of the artifacts in S3.
    public var artifactStoreURI: String?
    /// The role it works with.
    public var roleARN: String?
    /// The key that its data is encrypted with, where it is the customer's.
    public var kmsKeyID: String?
    /// The version of MLflow it runs.
    public var mlflowVersion: String?
    /// `AutoModelRegistrationEnabled` or `AutoModelRegistrationDisabled`.
    public var modelRegistrationMode: String?
    /// `ENABLED` or `DISABLED`: whether it serves those of the account who name no App.
    public var accountDefaultStatus: String?
    /// The domains whose default App it is.
    public var defaultDomainIDs: [String]
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// How its maintenance stands: `MaintenanceInProgress` and its like.
    public var maintenanceStatus: MLflowStatus?
    /// When it was made.
    public var creationTime: Timestamp?
    /// When it was last changed.
    public var lastModifiedTime: Timestamp?
}

/// What an MLflow App is made of (CreateMlflowApp); what is nil is left to SageMaker.
public struct CreateMLflowAppInput: Sendable, Hashable {
    /// Its name: letters, digits and hyphens.
    public var name: String
    /// The place of the artifacts in S3.
    public var artifactStoreURI: String
    /// The role it works with.
    public var roleARN: String
    /// The key to encrypt its data with.
    public var kmsKeyID: String?
    /// `AutoModelRegistrationEnabled` or `AutoModelRegistrationDisabled`.
    public var modelRegistrationMode: String?
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// `ENABLED` or `DISABLED`: whether it serves those of the account who name no App.
    public var accountDefaultStatus: String?
    /// The domains whose default App it is to be.
    public var defaultDomainIDs: [String]?
    /// Its tags.
    public var tags: [String: String]

    /// Makes an input of its parts.
    public init(
        name: String, artifactStoreURI: String, roleARN: String, kmsKeyID: String? = nil,
        modelRegistrationMode: String? = nil, weeklyMaintenanceWindowStart: String? = nil,
        accountDefaultStatus: String? = nil, defaultDomainIDs: [String]? = nil, tags: [String: String] = [:]
    ) {
        self.name = name
        self.artifactStoreURI = artifactStoreURI
        self.roleARN = roleARN
        self.kmsKeyID = kmsKeyID
        self.modelRegistrationMode = modelRegistrationMode
        self.weeklyMaintenanceWindowStart = weeklyMaintenanceWindowStart
        self.accountDefaultStatus = accountDefaultStatus
        self.defaultDomainIDs = defaultDomainIDs
        self.tags = tags
    }
}

/// What is changed of an MLflow App (UpdateMlflowApp); what is nil stays as it is.
public struct UpdateMLflowAppInput: Sendable, Hashable {
    /// The App.
    public var arn: String
    /// Its new name.
    public var name: String?
    /// The new place of the artifacts in S3.
    public var artifactStoreURI: String?
    /// `AutoModelRegistrationEnabled` or `AutoModelRegistrationDisabled`. SageMaker documents a default for it, so an
    /// update should always have it.
    public var modelRegistrationMode: String?
    /// When its weekly maintenance starts: `Tue:03:30`, UTC.
    public var weeklyMaintenanceWindowStart: String?
    /// `ENABLED` or `DISABLED`: whether it serves those of the account who name no App.
    public var accountDefaultStatus: String?
    /// The domains whose default App it is to be; an empty list leaves none.
    public var defaultDomainIDs: [String]?

    /// Makes an input of its parts.
    public init(
        arn: String, name: String? = nil, artifactStoreURI: String? = nil, modelRegistrationMode: String? = nil,
        weeklyMaintenanceWindowStart: String? = nil, accountDefaultStatus: String? = nil,
        defaultDomainIDs: [String]? = nil
    ) {
        self.arn = arn
        self.name = name
        self.artifactStoreURI = artifactStoreURI
        self.modelRegistrationMode = modelRegistrationMode
        self.weeklyMaintenanceWindowStart = weeklyMaintenanceWindowStart
        self.accountDefaultStatus = accountDefaultStatus
        self.defaultDomainIDs = defaultDomainIDs
    }
}
