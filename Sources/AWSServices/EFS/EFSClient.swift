public import AWSCore
internal import HTTP

/// The calls of the Elastic File System (API version 2015-02-01) that find and delete file systems and what belongs to
/// them.
///
/// Lists are complete, over all pages. Every call throws `ServiceError` with what EFS refused, `TransportError` when it
/// could not be reached, and ``UnexpectedAnswer``. Calls may go out twice; when the first one's answer was lost, the second
/// may be refused for what the first one did, so that "not found" is a deletion's success.
public struct EFSClient: Sendable {
    private let client: AWSClient

    /// Makes a client.
    ///
    /// - Parameter client: Calls EFS; made for the service `efs`, with errors in JSON.
    public init(_ client: AWSClient) {
        self.client = client
    }

    /// How a list's pages are asked for.
    struct Paging {
        var sizeName: String
        var tokenName: String
        var nextName: String

        /// `Marker` leads to `NextMarker`.
        static let marker = Paging(sizeName: "MaxItems", tokenName: "Marker", nextName: "NextMarker")
        /// `NextToken` leads to `NextToken`.
        static let token = Paging(sizeName: "MaxResults", tokenName: "NextToken", nextName: "NextToken")
    }

    /// Reads all pages of a list.
    func list<Item>(
        _ operation: String, _ path: String, _ member: String, _ paging: Paging,
        _ parameters: [(name: String, value: String?)], _ item: (JSONAnswer) throws -> Item
    ) async throws -> [Item] {
        try await allPages("efs", operation) { token in
            let query = (parameters + [(paging.sizeName, "100"), (paging.tokenName, token)]).compactMap { name, value in
                value.map { "\(name)=\(PercentEncoding.encode($0))" }
            }
            let answer = try await get(operation, path, query: query.joined(separator: "&"))
            return Page(items: try answer.objects(member).map(item), next: try answer.optionalText(paging.nextName))
        }
    }

    func get(_ operation: String, _ path: String, query: String? = nil) async throws -> JSONAnswer {
        let request = client.endpoint.request(.get, path: "/2015-02-01/\(path)", query: query)
        return try JSONAnswer("efs", operation, try await client.send(operation, request))
    }

    func delete(_ operation: String, _ path: String, _ id: String) async throws {
        // Without an id the path would be the list's.
        guard !id.isEmpty else {
            throw ServiceError(
                service: "efs", operation: operation, code: "BadRequest", message: "there is no id", status: 400)
        }
        let request = client.endpoint.request(.delete, path: "/2015-02-01/\(path)/\(PercentEncoding.encode(id))")
        _ = try await client.send(operation, request)
    }
}
