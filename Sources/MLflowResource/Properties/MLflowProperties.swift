internal import CloudFormation

/// The properties of `Custom::MLflowApp`: the service's own names, and how the resource itself behaves.
public struct MLflowProperties: Sendable, Equatable {
    /// What is made.
    public enum Kind: String, Sendable, CaseIterable {
        /// A serverless MLflow App.
        case app = "App"
        /// A tracking server.
        case trackingServer = "TrackingServer"
    }

    /// Whether an App registers models by itself.
    public enum ModelRegistrationMode: String, Sendable, CaseIterable {
        /// It does.
        case enabled = "AutoModelRegistrationEnabled"
        /// It does not.
        case disabled = "AutoModelRegistrationDisabled"
    }

    /// Whether an App is the account's default.
    public enum AccountDefaultStatus: String, Sendable, CaseIterable {
        /// It is.
        case enabled = "ENABLED"
        /// It is not.
        case disabled = "DISABLED"
    }

    /// How large a tracking server is.
    public enum TrackingServerSize: String, Sendable, CaseIterable {
        /// Up to 25 users.
        case small = "Small"
        /// Up to 50 users.
        case medium = "Medium"
        /// Up to 100 users.
        case large = "Large"
    }

    /// What becomes of the App or server when the resource is deleted.
    public enum DeletionPolicy: String, Sendable, CaseIterable {
        /// It is deleted.
        case delete = "Delete"
        /// It stays, with all it knows.
        case retain = "Retain"
    }

    /// What is made.
    public var kind: Kind
    /// The name: an App's can be changed, a server's is for ever.
    public var name: String
    /// Where artifacts are kept: `s3://bucket/prefix`.
    public var artifactStoreURI: String
    /// The role that the App or server acts as.
    public var roleARN: String
    /// When the weekly maintenance begins: `Tue:03:30`, UTC.
    public var maintenanceWindow: String?
    /// The tags, by key.
    public var tags: [String: String]
    /// What becomes of it when the resource is deleted.
    public var deletionPolicy: DeletionPolicy

    /// Of an App: whether it registers models by itself.
    public var modelRegistration: ModelRegistrationMode?
    /// Of an App: whether it is the account's default.
    public var accountDefault: AccountDefaultStatus?
    /// Of an App: the domains whose default it is.
    public var defaultDomains: [String]?
    /// Of an App: the key that its data is encrypted with.
    public var kmsKeyID: String?

    /// Of a server: how large it is.
    public var size: TrackingServerSize?
    /// Of a server: the version of MLflow.
    public var version: String?
    /// Of a server: whether it registers models by itself.
    public var automaticRegistration: Bool?
    /// Of a server: the account that has to own the artifacts' bucket.
    public var bucketOwner: String?
    /// Of a server: whether the bucket's owner is verified.
    public var verifiesBucketOwner: Bool?
}

extension MLflowProperties {
    /// Reads the properties; problems are kept by the reader.
    init(from reader: inout PropertyReader) {
        if reader.value("Kind") == nil {
            reader.problem("The property Kind is missing; it must be App or TrackingServer.")
        }
        let kind: Kind? = reader.choice("Kind")
        self.kind = kind ?? .app
        name = reader.requiredString("Name", ServiceRules.name)
        artifactStoreURI = reader.requiredString("ArtifactStoreUri", ServiceRules.storeURI)
        roleARN = reader.requiredString("RoleArn", ServiceRules.roleARN)
        maintenanceWindow = reader.string("WeeklyMaintenanceWindowStart", ServiceRules.maintenanceWindow)
        tags = TagList.read(from: &reader)
        deletionPolicy = reader.choice("DeletionPolicy") ?? .delete
        modelRegistration = reader.choice("ModelRegistrationMode")
        accountDefault = reader.choice("AccountDefaultStatus")
        defaultDomains = reader.list("DefaultDomainIdList", ServiceRules.domainID)?.uniqueInOrder
        kmsKeyID = reader.string("KmsKeyId", ServiceRules.kmsKeyID)
        size = reader.choice("TrackingServerSize")
        version = reader.string("MlflowVersion", ServiceRules.version)
        automaticRegistration = reader.bool("AutomaticModelRegistration")
        bucketOwner = reader.string("S3BucketOwnerAccountId", ServiceRules.accountID)
        verifiesBucketOwner = reader.bool("S3BucketOwnerVerification")
        if let kind { refuseForeignProperties(kind, &reader) }
        if kind == .trackingServer, name.utf8.count > Self.longestServerName {
            reader.problem(
                "The property Name has \(name.utf8.count) characters; a tracking server's may have "
                    + "\(Self.longestServerName), since an ARN of more than 256 has no tags.")
        }
    }

    /// What the longest region and partition leave of the 256 characters of an ARN that can be tagged.
    private static let longestServerName = 180

    /// Properties that the other kind alone has would silently do nothing.
    private func refuseForeignProperties(_ kind: Kind, _ reader: inout PropertyReader) {
        let foreign = kind == .app ? Self.serverOnly : Self.appOnly
        for name in foreign where reader.value(name) != nil {
            let hint = Self.counterparts[name].map { "; \($0) is meant, perhaps" } ?? ""
            reader.problem("The property \(name) is not one of the Kind \(kind.rawValue)\(hint).")
        }
    }

    private static let appOnly = ["ModelRegistrationMode", "AccountDefaultStatus", "DefaultDomainIdList", "KmsKeyId"]
    private static let serverOnly = [
        "TrackingServerSize", "MlflowVersion", "AutomaticModelRegistration", "S3BucketOwnerAccountId",
        "S3BucketOwnerVerification",
    ]
    private static let counterparts = [
        "ModelRegistrationMode": "AutomaticModelRegistration", "AutomaticModelRegistration": "ModelRegistrationMode",
    ]
}

extension [String] {
    /// The same without repetitions.
    var uniqueInOrder: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
