internal import Configuration

/// The settings of the place for answers that are too large.
extension ProxySettingsReader {
    static let overflowNames = ["PROXY_OVERFLOW_BUCKET", "PROXY_OVERFLOW_PREFIX"]

    mutating func overflow() -> OverflowPlace? {
        let prefix = environment["PROXY_OVERFLOW_PREFIX"]
        guard let bucket = environment["PROXY_OVERFLOW_BUCKET"] else {
            if prefix != nil {
                report(
                    "PROXY_OVERFLOW_PREFIX is set, and without PROXY_OVERFLOW_BUCKET does nothing: set both, or neither."
                )
            }
            return nil
        }
        do throws(OverflowPlaceError) {
            return try OverflowPlace(bucket: bucket, prefix: prefix ?? OverflowPlace.defaultPrefix)
        } catch {
            report(error.description)
            return nil
        }
    }
}
