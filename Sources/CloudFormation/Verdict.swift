internal import JSON

/// What became of an event.
enum Verdict: Sendable {
    /// It was answered.
    case reply(CustomResourceReply)
    /// Its work goes on in the hand-over of that number.
    case handedOver(Int)
    /// There was nothing to do, for the reason given.
    case ignored(String)

    /// The function's own answer, JSON, which a person or a destination reads.
    var summary: [UInt8] {
        switch self {
        case .reply(let reply):
            let reply = reply.fitted
            var members = JSONObject([.init(name: "Status", value: .string(reply.status.rawValue))])
            members["Reason"] = reply.reason.map(JSONValue.string)
            members.append("PhysicalResourceId", .string(reply.physicalResourceID))
            return JSONValue.object(members).encoded
        case .handedOver(let hop):
            return JSONValue.object(.init([.init(name: "HandedOver", value: .integer(hop))])).encoded
        case .ignored(let why):
            return JSONValue.object(.init([.init(name: "Ignored", value: .string(why))])).encoded
        }
    }
}
