public import HTTP
internal import JSON

/// A request that an Application Load Balancer hands to a Lambda target.
///
/// Reading is strict about types, so that a mistaken event is named and not misread, and lenient about what may be
/// left out: a missing or `null` body, query or header list is an empty one.
public struct ALBTargetRequest: Sendable, Equatable {
    /// One parameter of the query, as the client wrote it: still percent-encoded, `+` still a plus sign.
    public struct QueryItem: Sendable, Hashable {
        /// What stood before the equals sign.
        public var name: String
        /// What stood after it; empty also when there was none, which the event does not tell apart.
        public var value: String

        /// Makes a parameter.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The ARN of the target group that sent the event.
    public var targetGroupARN: String
    /// The request method.
    public var method: HTTPMethod
    /// The path, percent-encoded, as the client wrote it.
    public var path: String
    /// The query's parameters: values of one name in the client's order, names in the event's order.
    public var query: [QueryItem]
    /// The header fields, names in small letters as the load balancer writes them.
    public var headers: HTTPHeaders
    /// The body, its Base 64 undone.
    public var body: [UInt8]
    /// The mode the answer must be in.
    public var headerMode: ALBHeaderMode

    /// Makes a request of its parts.
    public init(
        targetGroupARN: String = "", method: HTTPMethod, path: String, query: [QueryItem] = [],
        headers: HTTPHeaders = [:], body: [UInt8] = [], headerMode: ALBHeaderMode = .multiple
    ) {
        self.targetGroupARN = targetGroupARN
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.headerMode = headerMode
    }

    /// Reads the event's JSON.
    public init(parsing bytes: [UInt8]) throws(ALBEventError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw ALBEventError("The event is \(error).")
        }
        guard let event = value.object else {
            throw ALBEventError("The event is \(value.kind): an ALB target event is an object.")
        }
        let targetGroup = try EventOrigin.targetGroup(of: event)
        let members = ALBEventMembers(event)
        targetGroupARN = targetGroup
        method = HTTPMethod(rawValue: try members.requiredString("httpMethod"))
        path = try members.requiredString("path")
        headerMode =
            members.has("multiValueHeaders") || members.has("multiValueQueryStringParameters")
            ? .multiple : .single
        switch headerMode {
        case .multiple:
            query = try members.lists("multiValueQueryStringParameters").map { QueryItem(name: $0, value: $1) }
            headers = HTTPHeaders(
                try members.lists("multiValueHeaders").map { HTTPHeaders.Field(name: $0, value: $1) })
        case .single:
            query = try members.strings("queryStringParameters").map { QueryItem(name: $0, value: $1) }
            headers = HTTPHeaders(try members.strings("headers").map { HTTPHeaders.Field(name: $0, value: $1) })
        }
        body = try members.body()
    }
}
