import HTTP
import LambdaEvents
import TestSupport
import Testing

@Suite struct ALBTargetRequestTests {
    private static let elb = #""requestContext":{"elb":{"targetGroupArn":"arn:tg"}}"#

    private static func parse(_ members: String) throws -> ALBTargetRequest {
        try ALBTargetRequest(parsing: Array("{\(elb),\(members)}".utf8))
    }

    @Test func aMultiValueEventKeepsEveryValueInOrder() throws {
        let request = try Self.parse(
            #"""
            "httpMethod":"GET","path":"/p%20q",
            "multiValueQueryStringParameters":{"b":["2","1"],"a":["x+y%2B"],"e":[]},
            "multiValueHeaders":{"cookie":["a=1","b=2"],"Host":["h"]},"body":"","isBase64Encoded":false
            """#)
        #expect(
            request
                == ALBTargetRequest(
                    targetGroupARN: "arn:tg", method: .get, path: "/p%20q",
                    query: [
                        .init(name: "b", value: "2"), .init(name: "b", value: "1"), .init(name: "a", value: "x+y%2B"),
                    ],
                    headers: ["cookie": "a=1", "cookie": "b=2", "Host": "h"], headerMode: .multiple))
    }

    @Test func aSingleValueEventIsReadAndAnsweredInItsMode() throws {
        let request = try Self.parse(
            #""httpMethod":"POST","path":"/","queryStringParameters":{"a":"1"},"headers":{"host":"h"},"body":"é""#)
        #expect(request.headerMode == .single)
        #expect(request.query == [.init(name: "a", value: "1")])
        #expect(request.headers["Host"] == "h")
        #expect(request.body == Array("é".utf8))
    }

    @Test(arguments: [
        "", #","body":null,"isBase64Encoded":null,"multiValueHeaders":null,"headers":null"#,
        #","queryStringParameters":null,"multiValueQueryStringParameters":null"#,
    ])
    func whatIsMissingIsEmpty(rest: String) throws {
        let request = try Self.parse(#""httpMethod":"GET","path":"/""# + rest)
        #expect(request.query.isEmpty)
        #expect(request.headers.fields.isEmpty)
        #expect(request.body.isEmpty)
        #expect(request.headerMode == .single)
    }

    @Test func aBase64BodyIsDecoded() throws {
        let request = try Self.parse(#""httpMethod":"PUT","path":"/","body":"AP8=","isBase64Encoded":true"#)
        #expect(request.body == [0, 255])
    }

    @Test(arguments: [
        (#""httpMethod":1,"path":"/""#, "httpMethod should be a string and is a number"),
        (#""path":"/""#, "has no httpMethod"), (#""httpMethod":"GET""#, "has no path"),
        (#""httpMethod":"GET","path":null"#, "has no path"),
        (#""httpMethod":"GET","path":["/"]"#, "path should be a string and is an array"),
        (#""httpMethod":"GET","path":"/","headers":[]"#, "headers should be an object and is an array"),
        (#""httpMethod":"GET","path":"/","headers":{"a":1}"#, "headers.a should be a string and is a number"),
        (#""httpMethod":"GET","path":"/","headers":{"a":null}"#, "headers.a should be a string and is null"),
        (
            #""httpMethod":"GET","path":"/","multiValueHeaders":{"a":"x"}"#,
            "multiValueHeaders.a should be an array of strings and is a string"
        ),
        (
            #""httpMethod":"GET","path":"/","multiValueHeaders":{"a":[true]}"#,
            "an element of multiValueHeaders.a should be a string and is a boolean"
        ),
        (
            #""httpMethod":"GET","path":"/","multiValueHeaders":{},"multiValueQueryStringParameters":"a=b""#,
            "multiValueQueryStringParameters should be an object and is a string"
        ),
        (
            #""httpMethod":"GET","path":"/","queryStringParameters":{"q":{}}"#,
            "queryStringParameters.q should be a string"
        ),
        (#""httpMethod":"GET","path":"/","body":{}"#, "body should be a string and is an object"),
        (#""httpMethod":"GET","path":"/","body":"x","isBase64Encoded":"true""#, "isBase64Encoded should be a boolean"),
        (#""httpMethod":"GET","path":"/","body":"x","isBase64Encoded":true"#, "body is not strict Base 64"),
        (#""httpMethod":"GET","path":"/","body":"QQ==\n","isBase64Encoded":true"#, "body is not strict Base 64"),
    ])
    func aWrongMemberIsNamed(members: String, fragment: String) {
        let error = #expect(throws: ALBEventError.self) { try Self.parse(members) }
        #expect(error?.description.contains(fragment) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("", "not valid JSON at byte 0"), ("GET / HTTP/1.1", "not valid JSON"), ("[]", "an array"),
        ("\"x\"", "a string"),
        ("null", "null"), ("{}", "requestContext.elb is missing. To use the function"),
        (#"{"requestContext":null}"#, "requestContext.elb is missing"),
        (#"{"requestContext":{"elb":null}}"#, "requestContext.elb is missing"),
        (#"{"requestContext":{"elb":"x"}}"#, "requestContext.elb should be an object and is a string"),
        (#"{"requestContext":{"elb":{"targetGroupArn":1}}}"#, "targetGroupArn should be a string and is a number"),
        (
            #"{"version":"2.0","requestContext":{"http":{"method":"GET"}}}"#,
            "a Lambda function URL or an API Gateway HTTP"
        ),
        (#"{"requestContext":{"apiId":"x","stage":"y"}}"#, "API Gateway REST API"),
        (#"{"requestContext":{"connectionId":"x","apiId":"y"}}"#, "WebSocket"),
        (#"{"requestContext":{"serviceNetworkArn":"x"}}"#, "VPC Lattice"),
        (#"{"RequestType":"Create","ResponseURL":"https://secret"}"#, "CloudFormation custom resource"),
        (#"{"source":"aws.events","detail-type":"Scheduled Event"}"#, "EventBridge"),
        (#"{"Records":[]}"#, "a queue, topic, stream or bucket"),
    ])
    func anEventOfAnotherKindIsNamed(text: String, fragment: String) {
        let error = #expect(throws: ALBEventError.self) { try ALBTargetRequest(parsing: Array(text.utf8)) }
        #expect(error?.description.contains(fragment) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("secret") == false)
    }

    @Test func aLongNameOfAMemberIsCutShort() {
        let name = String(repeating: "n", count: 100_000)
        let error = #expect(throws: ALBEventError.self) {
            try Self.parse(#""httpMethod":"GET","path":"/","multiValueHeaders":{"\#(name)":1}"#)
        }
        #expect((error?.description.utf8.count ?? .max) < 500)
        #expect(error?.description.contains("multiValueHeaders.nnn") == true)
    }

    /// Damaged events: a request or a sentence, never a trap.
    @Test func damagedEventsEndInASentence() {
        var random = SeededGenerator(seed: 11)
        let seed = Array(
            #"{"requestContext":{"elb":{"targetGroupArn":"a"}},"httpMethod":"GET","path":"/","multiValueHeaders":{"a":["b"]},"body":"QUJD","isBase64Encoded":true}"#
                .utf8)
        let alphabet = Array(#"{}[]",:\ tfn01=/+"#.utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var text = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                text[Int.random(in: 0..<text.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
            }
            do throws(ALBEventError) {
                _ = try ALBTargetRequest(parsing: text)
            } catch {
                refused += 1
                #expect(error.description.hasSuffix("."))
            }
        }
        #expect(refused > 5_000)
    }
}
