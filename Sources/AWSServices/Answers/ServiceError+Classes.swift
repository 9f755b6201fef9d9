public import AWSCore

extension ServiceError {
    /// Whether the call was about something that does not exist (any more): after a deletion the wanted end.
    ///
    /// SageMaker also words it as a `ValidationException`, which some other causes share; so this is for calls that read
    /// or delete.
    public var isNotFound: Bool {
        Self.notFoundCodes.contains(code)
            || (code == "ValidationException"
                && (message.contains("does not exist") || message.contains("Could not find")))
    }

    /// Whether the state of what the call is about, or of what depends on it, stands in the way for now, so that waiting
    /// helps.
    public var isConflict: Bool {
        Self.conflictCodes.contains(code)
            || (code == "InvalidParameterValue" && message.contains("currently in use"))
    }

    private static let notFoundCodes: Set<String> = [
        "InvalidGroup.NotFound", "InvalidNetworkInterfaceID.NotFound", "InvalidAttachmentID.NotFound",
        "InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound", "InvalidVpcID.NotFound",
        "InvalidSubnetID.NotFound", "InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound",
        "MountTargetNotFound", "FileSystemNotFound", "AccessPointNotFound", "ReplicationNotFound", "PolicyNotFound",
        "ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NoSuchUpload",
    ]

    private static let conflictCodes: Set<String> = [
        "DependencyViolation", "FileSystemInUse", "IncorrectMountTargetState", "DependencyTimeout",
        "InvalidNetworkInterface.InUse", "ConflictException", "ResourceInUse", "ResourceConflictException",
        "ResourceNotReadyException", "OperationAbortedException", "IncorrectState",
        "IncorrectFileSystemLifeCycleState",
    ]
}
