internal import HTTP
internal import LambdaEvents

/// The query in the one form that goes on the wire and into the signature.
enum RequestQuery {
    /// Decodes each name and value to bytes (`+` is a space) and encodes them again strictly, in the order of arrival:
    /// browsers leave `*'()!` as they are and clients write a space as `+`, while the service signs only `%XX`.
    ///
    /// - Throws: The fault of a query that carries signature parameters: signing is the proxy's part alone.
    static func canonical(_ items: [ALBTargetRequest.QueryItem]) throws(ProxyError) -> String? {
        guard !items.isEmpty else { return nil }
        var query = ""
        for (index, item) in items.enumerated() {
            let name = PercentEncoding.decode(item.name, plusIsSpace: true)
            guard !isSignatureParameter(name) else {
                throw .badRequest("The query of the request is refused: X-Amz-… parameters belong to a signature.")
            }
            if index > 0 { query += "&" }
            query += PercentEncoding.encode(name)
            query += "="
            query += PercentEncoding.encode(PercentEncoding.decode(item.value, plusIsSpace: true))
        }
        return query
    }

    private static func isSignatureParameter(_ name: [UInt8]) -> Bool {
        name.prefix(6).map { HTTPToken.lowercased($0) }.elementsEqual("x-amz-".utf8)
    }
}
