/// What the place of the answers does wrong with the first ones.
public struct ResponseFault: Sendable, Equatable {
    /// What goes wrong with one PUT.
    public enum Kind: Sendable, Equatable {
        /// 500 InternalError.
        case internalError
        /// 403 AccessDenied, as for an expired URL.
        case accessDenied
        /// The connection is reset.
        case reset
        /// The answer comes after a time only. A client that has gone by then is taken not to have sent anything.
        case slow(Duration)
    }

    /// How long ``Kind/slow(_:)`` takes when a text does not say: longer than a client should wait for S3.
    public static let defaultDelay = Duration.seconds(15)

    /// What goes wrong.
    public var kind: Kind
    /// With how many of the PUTs that are otherwise good.
    public var count: Int

    /// Makes a fault.
    public init(_ kind: Kind, count: Int = 1) {
        self.kind = kind
        self.count = count
    }

    /// Reads `500`, `403`, `reset` or `slow`, and how often after a colon: `500:3`. Nil for anything else.
    public init?(parsing text: String, delay: Duration = defaultDelay) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch parts[0] {
        case "500": kind = .internalError
        case "403": kind = .accessDenied
        case "reset": kind = .reset
        case "slow": kind = .slow(delay)
        default: return nil
        }
        guard parts.count <= 2, let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0 else { return nil }
        self.count = count
    }
}
