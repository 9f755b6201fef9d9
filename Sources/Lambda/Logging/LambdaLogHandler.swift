import Glibc
public import Logging
public import Timestamps

/// Writes swift-log's records the way Lambda reads them: text or JSON, framed on the telemetry descriptor where there is
/// one, else a line on standard error. The request id and the tenant come from ``LambdaContext/current``.
///
/// A record whose metadata has `_aws`, CloudWatch's embedded metrics, is JSON in either form: CloudWatch finds metrics in
/// nothing else.
public struct LambdaLogHandler: LogHandler {
    /// The lowest level written.
    public var logLevel: Logger.Level
    /// Added to every record of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Asked for more metadata with every record.
    public var metadataProvider: Logger.MetadataProvider?

    private let format: LogSettings.Format
    private let isFramed: Bool
    private let sink: LogSink
    private let now: @Sendable () -> Timestamp

    /// Makes a handler; its copies, one a logger, share the output.
    public init(settings: LogSettings, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.init(
            settings: settings, sink: LogSink(descriptor: settings.telemetryDescriptor ?? STDERR_FILENO), now: now)
    }

    init(settings: LogSettings, sink: LogSink, now: @escaping @Sendable () -> Timestamp) {
        logLevel = settings.level
        format = settings.format
        isFramed = settings.telemetryDescriptor != nil
        self.sink = sink
        self.now = now
    }

    /// One value of the logger's metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a record.
    public func log(event: LogEvent) {
        let time = now()
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let context = LambdaContext.current
        let record = LogRecord(
            time: time, level: event.level, message: event.message.description, requestID: context?.requestID,
            tenantID: context?.tenantID, metadata: all)
        let isJSON = format == .json || all["_aws"] != nil
        var bytes = isJSON ? record.json() : record.text(keepingLines: isFramed)
        if isFramed {
            let microseconds = UInt64(clamping: time.nanosecondsSinceEpoch / 1_000)
            bytes = TelemetryFrame.frame(
                bytes, level: event.level.lambdaNumber, isText: format == .text, microseconds: microseconds)
        } else {
            bytes.append(UInt8(ascii: "\n"))
        }
        sink.write(bytes)
    }
}
