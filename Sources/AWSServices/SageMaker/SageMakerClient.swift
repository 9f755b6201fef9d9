public import AWSCore
internal import HTTP
internal import JSON

/// The calls of SageMaker's control plane that are about MLflow and Studio domains.
///
/// Every call throws `ServiceError` with what SageMaker refused, `TransportError` when it could not be reached, and
/// ``UnexpectedAnswer``. Calls but those that make something may go out twice; when the first one's answer was lost, the
/// second may be refused for what the first one did.
public struct SageMakerClient: Sendable {
    private let client: AWSClient

    /// Makes a client.
    ///
    /// - Parameter client: Calls SageMaker; made for the service `sageMaker`, with errors in JSON.
    public init(_ client: AWSClient) {
        self.client = client
    }

    /// Carries out a call of the protocol JSON 1.1.
    func call(
        _ operation: String, _ input: JSONInput, options: TransferOptions = AWSClient.options
    ) async throws -> JSONAnswer {
        let request = client.endpoint.request(
            .post,
            headers: [
                "content-type": "application/x-amz-json-1.1", "x-amz-target": "SageMaker.\(operation)",
            ], body: .bytes(input.value.encoded))
        let response = try await client.send(operation, request, options: options)
        // Calls without a result answer with no body.
        guard !response.body.isEmpty else { return JSONAnswer("sagemaker", operation) }
        return try JSONAnswer("sagemaker", operation, response)
    }

    /// Reads all pages of a list, as large as they come.
    func list<Item>(
        _ operation: String, _ member: String, _ input: JSONInput = [:], _ item: (JSONAnswer) throws -> Item
    ) async throws -> [Item] {
        try await allPages("sagemaker", operation) { token in
            var input = input
            input["NextToken"] = token.map(JSONValue.string)
            input["MaxResults"] = 100
            let answer = try await call(operation, input)
            return Page(items: try answer.objects(member).map(item), next: try answer.optionalText("NextToken"))
        }
    }
}
