public import AWSCore
internal import HTTP

/// The calls of the Elastic Compute Cloud (API version 2016-11-15) that are about VPCs and what is in them.
///
/// Lists are complete, over all pages. Every call throws `ServiceError` with what EC2 refused, `TransportError` when it
/// could not be reached, and ``UnexpectedAnswer``. Calls may go out twice; when the first one's answer was lost, the second
/// may be refused for what the first one did, so that "not found" is a deletion's success.
public struct EC2Client: Sendable {
    private let client: AWSClient

    /// Makes a client.
    ///
    /// - Parameter client: Calls EC2; made for the service `ec2`, with errors in XML.
    public init(_ client: AWSClient) {
        self.client = client
    }

    /// A call's parameters.
    typealias Parameters = [(name: String, value: String)]

    /// The most that one filter takes.
    static let maximumFilterValues = 200

    /// Carries out a call of the protocol `ec2`.
    func call(_ operation: String, _ parameters: Parameters) async throws -> XMLAnswer {
        var form = FormParameters(action: operation, version: "2016-11-15")
        for (name, value) in parameters { form.append(name, value) }
        return try XMLAnswer("ec2", operation, try await client.send(operation, form.request(to: client.endpoint)))
    }

    /// Carries out a call that answers whether it was done.
    func perform(_ operation: String, _ parameters: Parameters) async throws {
        if try await call(operation, parameters).optionalBool("return") == false {
            throw UnexpectedAnswer(service: "ec2", operation: operation, "the answer says that it was not done")
        }
    }

    /// Reads all pages of a list.
    ///
    /// - Parameters:
    ///   - operation: The call.
    ///   - set: The list's element.
    ///   - parameters: What is asked for.
    ///   - pageSize: The size of a page; nil where it may not be given, which is so for lists by id.
    ///   - item: Reads an item of the list.
    func list<Item>(
        _ operation: String, _ set: String, _ parameters: Parameters, pageSize: Int? = 1000,
        _ item: (XMLAnswer) throws -> Item
    ) async throws -> [Item] {
        try await allPages("ec2", operation) { token in
            var parameters = parameters
            if let pageSize { parameters.append(("MaxResults", String(pageSize))) }
            if let token { parameters.append(("NextToken", token)) }
            let answer = try await call(operation, parameters)
            return Page(items: try answer.items(set).map(item), next: answer.optionalText("nextToken"))
        }
    }

    /// Reads a list by ids or filters.
    func list<Item>(
        _ operation: String, _ set: String, idName: String, ids: [String], filters: [EC2Filter],
        _ item: (XMLAnswer) throws -> Item
    ) async throws -> [Item] {
        try await list(
            operation, set, Self.numbered(idName, ids) + filters.parameters, pageSize: ids.isEmpty ? 1000 : nil, item)
    }

    /// `NAME.1`, `NAME.2`, …
    static func numbered(_ name: String, _ values: some Sequence<String>) -> Parameters {
        values.enumerated().map { ("\(name).\($0.offset + 1)", $0.element) }
    }
}

/// What the items of a list have to fit; all filters of a call have to hold.
public struct EC2Filter: Sendable, Hashable {
    /// What is compared: `vpc-id`, `tag:Name`.
    public var name: String
    /// The values of which one has to fit, 200 at the most; `*` and `?` stand for any text and character.
    public var values: [String]

    /// Makes a filter of its parts.
    public init(_ name: String, _ values: [String]) {
        self.name = name
        self.values = values
    }

    /// Makes a filter of one value.
    public init(_ name: String, _ value: String) {
        self.init(name, [value])
    }
}

extension [EC2Filter] {
    /// `Filter.1.Name=…&Filter.1.Value.1=…`
    var parameters: EC2Client.Parameters {
        enumerated().flatMap { index, filter in
            [("Filter.\(index + 1).Name", filter.name)]
                + EC2Client.numbered("Filter.\(index + 1).Value", filter.values)
        }
    }
}

extension Array {
    /// The elements in slices of a length.
    func chunks(of length: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: length).map { self[$0..<Swift.min($0 + length, count)] }
    }
}
