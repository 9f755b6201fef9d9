import HTTP
import JSON

/// A refusal in the form of AWS's JSON protocols: a type and a message.
struct ServiceRefusal: Error {
    var status: Int
    var type: String
    var message: String

    init(_ status: Int, _ type: String, _ message: String) {
        self.status = status
        self.type = type
        self.message = message
    }

    var response: ServerResponse {
        let body: JSONValue = ["__type": .string(type), "message": .string(message)]
        return ServerResponse(
            status: status,
            headers: [
                "Content-Type": "application/json", "x-amzn-ErrorType": type, "x-amzn-RequestId": RandomID.uuid(),
            ], body: body.encoded)
    }
}
