import JSON
import LambdaEmulator

let functionARN = "arn:aws:lambda:us-east-1:123456789012:function:thing"

/// A function that is never started.
let configuration = FunctionConfiguration(name: "thing", executable: "/bootstrap", taskRoot: "/")

/// A request with the least that a person has to write.
func sampleRequest(
    _ type: String = "Create", _ changes: [String: JSONValue] = [:], serviceTimeout: Int? = nil
) throws -> SampleRequest {
    var event = JSONObject([
        .init(name: "RequestType", value: .string(type)), .init(name: "ResourceType", value: "Custom::Thing"),
    ])
    for (name, value) in changes { event[name] = value }
    return try SampleRequest(.object(event), for: configuration, serviceTimeout: serviceTimeout)
}
