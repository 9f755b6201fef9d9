public import Configuration
public import Logging

/// How a function logs, as Lambda's advanced logging controls set it.
public struct LogSettings: Sendable, Hashable {
    /// The form of a record.
    public enum Format: Sendable, Hashable {
        /// One line of tab-separated text.
        case text
        /// One JSON object.
        case json
    }

    /// The form of a record.
    public var format: Format
    /// The lowest level written.
    public var level: Logger.Level
    /// The descriptor that takes framed records; nil when records go to standard error.
    public var telemetryDescriptor: Int32?

    /// Makes settings.
    public init(format: Format = .text, level: Logger.Level = .info, telemetryDescriptor: Int32? = nil) {
        self.format = format
        self.level = level
        self.telemetryDescriptor = telemetryDescriptor
    }

    /// Reads `AWS_LAMBDA_LOG_FORMAT` (`JSON`, else text), `AWS_LAMBDA_LOG_LEVEL` (`TRACE`, `DEBUG`, `INFO`, `WARN`,
    /// `ERROR`, `FATAL`, else `INFO`) and `_LAMBDA_TELEMETRY_LOG_FD`. What they hold never keeps a function from
    /// starting.
    public init(environment: Environment) {
        format = environment["AWS_LAMBDA_LOG_FORMAT"]?.uppercased() == "JSON" ? .json : .text
        level =
            switch environment["AWS_LAMBDA_LOG_LEVEL"]?.uppercased() {
            case "TRACE": .trace
            case "DEBUG": .debug
            case "WARN": .warning
            case "ERROR": .error
            case "FATAL": .critical
            default: .info
            }
        telemetryDescriptor = environment["_LAMBDA_TELEMETRY_LOG_FD"].flatMap(Int32.init).flatMap { $0 >= 0 ? $0 : nil }
    }
}

extension Logger.Level {
    /// The name in Lambda's logs.
    var lambdaName: StaticString {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    /// The number in a telemetry frame's type.
    var lambdaNumber: UInt32 {
        switch self {
        case .trace: 1
        case .debug: 2
        case .info, .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}
