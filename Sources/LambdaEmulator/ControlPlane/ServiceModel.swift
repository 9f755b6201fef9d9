/// The MLflow part of SageMaker's service model: what each operation takes.
enum ServiceModel {
    private static let name = InputRule.Kind.text(1...256, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}")
    private static let storeURI = InputRule.Kind.text(0...1_024, "(https|s3)://([^/]+)/?(.*)")
    private static let roleARN = InputRule.Kind.text(
        20...2_048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")
    private static let appARN = InputRule.Kind.text(
        1...128, "arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:mlflow-app/.*")
    private static let resourceARN = InputRule.Kind.text(
        0...256, "arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+")
    private static let window = InputRule.Kind.text(
        0...9, "(Mon|Tue|Wed|Thu|Fri|Sat|Sun):([01]\\d|2[0-3]):([0-5]\\d)")
    private static let version = InputRule.Kind.text(0...16, "[0-9]*.[0-9]*.[0-9]*")
    private static let registration = InputRule.Kind.choice([
        "AutoModelRegistrationEnabled", "AutoModelRegistrationDisabled",
    ])
    private static let defaultStatus = InputRule.Kind.choice(["ENABLED", "DISABLED"])
    private static let domains = InputRule.Kind.list(0...Int.max, .text(0...63, "d-(-*[a-z0-9]){1,61}"))
    private static let size = InputRule.Kind.choice(["Small", "Medium", "Large"])
    private static let account = InputRule.Kind.text(12...12, "\\d+")
    private static let tagKey = InputRule.Kind.text(1...128, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)")
    private static let tagValue = InputRule.Kind.text(0...256, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)")
    private static let tags = InputRule.Kind.list(
        0...50, .object([.required("Key", tagKey), .required("Value", tagValue)]))
    private static let token = InputRule.Kind.text(0...8_192, nil)

    private static let presigned: [InputRule] = [
        .optional("ExpiresInSeconds", .integer(5...300)),
        .optional("SessionExpirationDurationInSeconds", .integer(1_800...43_200)),
    ]

    private static func listing(_ statusName: String, _ statuses: [String]) -> [InputRule] {
        [
            .optional("CreatedAfter", .time), .optional("CreatedBefore", .time),
            .optional(statusName, .choice(statuses)), .optional("MlflowVersion", version),
            .optional("SortBy", .choice(["Name", "CreationTime", "Status"])),
            .optional("SortOrder", .choice(["Ascending", "Descending"])), .optional("NextToken", token),
            .optional("MaxResults", .integer(1...100)),
        ]
    }

    /// The rules of every operation that the control plane has.
    static let operations: [String: [InputRule]] = [
        "CreateMlflowApp": [
            .required("Name", name), .required("ArtifactStoreUri", storeURI), .required("RoleArn", roleARN),
            .optional("KmsKeyId", .text(0...2_048, "[a-zA-Z0-9:/_-]*")),
            .optional("ModelRegistrationMode", registration), .optional("WeeklyMaintenanceWindowStart", window),
            .optional("AccountDefaultStatus", defaultStatus), .optional("DefaultDomainIdList", domains),
            .optional("Tags", tags),
        ],
        "UpdateMlflowApp": [
            .required("Arn", appARN), .optional("Name", name), .optional("ArtifactStoreUri", storeURI),
            .optional("ModelRegistrationMode", registration), .optional("WeeklyMaintenanceWindowStart", window),
            .optional("DefaultDomainIdList", domains), .optional("AccountDefaultStatus", defaultStatus),
        ],
        "DeleteMlflowApp": [.required("Arn", appARN)],
        "DescribeMlflowApp": [.required("Arn", appARN)],
        "ListMlflowApps": listing("Status", AppRecord.statuses) + [
            .optional("DefaultForDomainId", .text(0...1_024, nil)), .optional("AccountDefaultStatus", defaultStatus),
        ],
        "CreatePresignedMlflowAppUrl": [.required("Arn", appARN)] + presigned,
        "CreateMlflowTrackingServer": [
            .required("TrackingServerName", name), .required("ArtifactStoreUri", storeURI),
            .optional("TrackingServerSize", size), .optional("MlflowVersion", version), .required("RoleArn", roleARN),
            .optional("AutomaticModelRegistration", .flag), .optional("WeeklyMaintenanceWindowStart", window),
            .optional("Tags", tags), .optional("S3BucketOwnerAccountId", account),
            .optional("S3BucketOwnerVerification", .flag),
        ],
        "UpdateMlflowTrackingServer": [
            .required("TrackingServerName", name), .optional("ArtifactStoreUri", storeURI),
            .optional("TrackingServerSize", size), .optional("AutomaticModelRegistration", .flag),
            .optional("WeeklyMaintenanceWindowStart", window), .optional("S3BucketOwnerAccountId", account),
            .optional("S3BucketOwnerVerification", .flag),
        ],
        "StartMlflowTrackingServer": [.required("TrackingServerName", name)],
        "StopMlflowTrackingServer": [.required("TrackingServerName", name)],
        "DeleteMlflowTrackingServer": [.required("TrackingServerName", name)],
        "DescribeMlflowTrackingServer": [.required("TrackingServerName", name)],
        "ListMlflowTrackingServers": listing("TrackingServerStatus", ServerRecord.statuses),
        "CreatePresignedMlflowTrackingServerUrl": [.required("TrackingServerName", name)] + presigned,
        "AddTags": [.required("ResourceArn", resourceARN), .required("Tags", tags)],
        "DeleteTags": [.required("ResourceArn", resourceARN), .required("TagKeys", .list(1...50, tagKey))],
        "ListTags": [
            .required("ResourceArn", resourceARN), .optional("NextToken", token),
            .optional("MaxResults", .integer(50...Int64.max)),
        ],
    ]
}
