internal import HTTP
internal import JSON
internal import LambdaEvents

/// Decides what a request to `/graphql` does.
///
/// MLflow reads the operation from a JSON body, whatever the method; other servers read the query's parameters too, so
/// both are looked at and the one that does the most decides.
enum GraphQLRequest {
    /// What the request does. One that cannot be read, which MLflow would refuse as well, counts as the most.
    static func access(of request: ALBTargetRequest) -> RequestAccess {
        var found: [RequestAccess] = []
        if !request.body.isEmpty { found.append(access(ofBody: request.body)) }
        let parameters = request.query.map { item in
            (name: text(item.name), value: text(item.value))
        }
        if parameters.contains(where: { names.contains($0.name) }) {
            found.append(access(ofMembers: parameters.map { ($0.name, .string($0.value)) }))
        }
        return found.max() ?? .delete
    }

    private static let names = ["query", "operationName"]

    private static func text(_ encoded: String) -> String {
        String(decoding: PercentEncoding.decode(encoded, plusIsSpace: true), as: UTF8.self)
    }

    private static func access(ofBody body: [UInt8]) -> RequestAccess {
        guard let object = (try? JSONValue(parsing: body))?.object else { return .delete }
        return access(ofMembers: object.map { ($0.name, $0.value) })
    }

    /// - Parameter members: Readers differ on which of two members of one name counts, so two are none.
    private static func access(ofMembers members: [(name: String, value: JSONValue)]) -> RequestAccess {
        guard names.allSatisfy({ name in members.count { $0.name == name } <= 1 }),
            let query = members.first(where: { $0.name == "query" })?.value.string,
            let document = GraphQLDocument(query), !document.operations.isEmpty
        else { return .delete }
        guard document.operations.allSatisfy({ $0.kind == "query" }) else {
            return document.soundsDeleting ? .delete : .write
        }
        let name = members.first { $0.name == "operationName" }?.value ?? .null
        if name.isNull { return document.operations.count == 1 ? .read : .write }
        return document.operations.count { $0.name == name.string } == 1 && name.string != nil ? .read : .write
    }
}
