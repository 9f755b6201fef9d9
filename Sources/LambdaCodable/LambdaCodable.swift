/// Adapts `Codable` values to the bytes of an invocation.
