/// Where an MLflow App or tracking server is in its life; SageMaker may add others.
public struct MLflowStatus: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// SageMaker's word.
    public var rawValue: String

    /// Makes a status of SageMaker's word.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// SageMaker's word.
    public var description: String { rawValue }

    /// Being made.
    public static let creating = MLflowStatus(rawValue: "Creating")
    /// Made.
    public static let created = MLflowStatus(rawValue: "Created")
    /// Not made; it stays until it is deleted.
    public static let createFailed = MLflowStatus(rawValue: "CreateFailed")
    /// Being changed.
    public static let updating = MLflowStatus(rawValue: "Updating")
    /// Changed.
    public static let updated = MLflowStatus(rawValue: "Updated")
    /// Not changed.
    public static let updateFailed = MLflowStatus(rawValue: "UpdateFailed")
    /// Being deleted.
    public static let deleting = MLflowStatus(rawValue: "Deleting")
    /// Deleted, of an App, which stays listed for a while.
    public static let deleted = MLflowStatus(rawValue: "Deleted")
    /// Not deleted.
    public static let deleteFailed = MLflowStatus(rawValue: "DeleteFailed")
    /// Being stopped, of a tracking server as all that follow.
    public static let stopping = MLflowStatus(rawValue: "Stopping")
    /// Stopped.
    public static let stopped = MLflowStatus(rawValue: "Stopped")
    /// Not stopped.
    public static let stopFailed = MLflowStatus(rawValue: "StopFailed")
    /// Being started.
    public static let starting = MLflowStatus(rawValue: "Starting")
    /// Started.
    public static let started = MLflowStatus(rawValue: "Started")
    /// Not started.
    public static let startFailed = MLflowStatus(rawValue: "StartFailed")
    /// In its weekly maintenance.
    public static let maintenanceInProgress = MLflowStatus(rawValue: "MaintenanceInProgress")
    /// Maintained.
    public static let maintenanceComplete = MLflowStatus(rawValue: "MaintenanceComplete")
    /// Not maintained.
    public static let maintenanceFailed = MLflowStatus(rawValue: "MaintenanceFailed")
}
