import JSON
import Timestamps

/// The record that Lambda sends to the on-failure destination of an asynchronous invocation.
///
/// A function cannot be its own destination, so it comes back by a topic that the function is subscribed to.
struct FailureRecord {
    var requestID: String
    var functionARN: String
    /// How often the function was invoked with the event.
    var invokeCount: Int
    /// The event.
    var requestPayload: [UInt8]
    /// The error of the last time.
    var failure: FunctionFailure
    var timestamp: Timestamp

    /// The event that the topic makes of the record.
    var notification: [UInt8] {
        let topic = "arn:aws:sns:us-east-1:123456789012:failures"
        let event: JSONValue = [
            "Records": [
                [
                    "EventSource": "aws:sns", "EventVersion": "1.0",
                    "EventSubscriptionArn": .string("\(topic):\(RandomID.uuid())"),
                    "Sns": [
                        "Type": "Notification", "MessageId": .string(RandomID.uuid()), "TopicArn": .string(topic),
                        "Message": .string(String(decoding: encoded, as: UTF8.self)),
                        "Timestamp": .string(timestamp.iso8601), "MessageAttributes": [:],
                    ],
                ]
            ]
        ]
        return event.encoded
    }

    /// The record itself.
    var encoded: [UInt8] {
        let record: JSONValue = [
            "version": "1.0", "timestamp": .string(timestamp.iso8601),
            "requestContext": [
                "requestId": .string(requestID), "functionArn": .string("\(functionARN):$LATEST"),
                "condition": "RetriesExhausted", "approximateInvokeCount": .integer(invokeCount),
            ],
            "requestPayload": Self.json(requestPayload),
            "responseContext": ["statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"],
            "responsePayload": Self.json(failure.payload),
        ]
        return record.encoded
    }

    private static func json(_ bytes: [UInt8]) -> JSONValue {
        (try? JSONValue(parsing: bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
    }
}
