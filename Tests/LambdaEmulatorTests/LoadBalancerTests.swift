import Foundation
import HTTP
import JSON
import LambdaEmulator
import Synchronization
import Testing
import Timestamps

/// A load balancer before a closure, and the events the closure saw.
private struct Front {
    private final class Recorder: Sendable {
        let events = Mutex<[JSONValue]>([])
    }

    let balancer: LoadBalancer
    private let recorder = Recorder()

    init(isMultiValue: Bool = true, _ answer: @escaping @Sendable (JSONValue) -> InvocationResult) {
        balancer = LoadBalancer(
            .init(isMultiValue: isMultiValue, port: 8080), now: { Timestamp(secondsSinceEpoch: 1_795_233_600) },
            log: { _ in },
            target: { [recorder] bytes in
                guard let event = try? JSONValue(parsing: bytes) else { return Answer.text("the event is not JSON") }
                recorder.events.withLock { $0.append(event) }
                return answer(event)
            })
    }

    init(isMultiValue: Bool = true, answering json: String) {
        self.init(isMultiValue: isMultiValue) { _ in Answer.text(json) }
    }

    var events: [JSONValue] { recorder.events.withLock { $0 } }

    /// The answer a client gets, refusals included.
    func send(
        _ method: String = "GET", _ target: String = "/", _ headers: HTTPHeaders = ["Host": "mlflow.example.com"],
        body: [UInt8] = [], bodyIsTooLarge: Bool = false
    ) async -> ServerResponse {
        let head = ServerRequestHead(
            method: HTTPMethod(rawValue: method), target: target, headers: headers, remoteAddress: "203.0.113.7")
        if let refusal = balancer.refusal(of: head) { return refusal }
        return await balancer.respond(to: ServerRequest(head: head, body: body, bodyIsTooLarge: bodyIsTooLarge))
    }
}

private enum Answer {
    static let empty =
        #"{"statusCode":200,"statusDescription":"200 OK","isBase64Encoded":false,"multiValueHeaders":{}}"#

    static func text(_ json: String) -> InvocationResult {
        .success(FunctionResponse(payload: Array(json.utf8)))
    }
}

@Suite struct LoadBalancerEventTests {
    @Test func `The event has the members of the documentation and no others`() async {
        let front = Front(answering: Answer.empty)
        _ = await front.send("GET", "/p%20q")
        let event = front.events[0]
        #expect(
            event.object?.map(\.name) == [
                "requestContext", "httpMethod", "path", "multiValueQueryStringParameters", "multiValueHeaders", "body",
                "isBase64Encoded",
            ])
        #expect(event["requestContext"]?["elb"]?["targetGroupArn"]?.string?.contains(":targetgroup/") == true)
        #expect(event["path"] == "/p%20q")
        #expect(event["body"] == "")
        #expect(event["isBase64Encoded"] == false)
        #expect(event["multiValueQueryStringParameters"] == [:])
    }

    @Test func `Nothing of path and query is decoded, repeated keys keep their values in order`() async {
        let front = Front(answering: Answer.empty)
        _ = await front.send(
            "GET", "/a%2Fb/..%2f/caf%C3%A9?run_id=a1&q=a+b%2Bc%26d%3De%25&run_id=b2&flag&e=&x=1=2&%6b='*()!")
        let event = front.events[0]
        #expect(event["path"] == "/a%2Fb/..%2f/caf%C3%A9")
        #expect(
            event["multiValueQueryStringParameters"] == [
                "run_id": ["a1", "b2"], "q": ["a+b%2Bc%26d%3De%25"], "flag": [""], "e": [""], "x": ["1=2"],
                "%6b": ["'*()!"],
            ])
    }

    @Test func `In single-value mode the last of repeated headers and keys wins`() async {
        let answer = #"{"statusCode":200,"statusDescription":"200 OK","isBase64Encoded":false,"headers":{"X-A":"1"}}"#
        let front = Front(isMultiValue: false, answering: answer)
        let response = await front.send("GET", "/?a=1&a=2", ["Host": "h", "Cookie": "a=1", "cookie": "b=2"])
        let event = front.events[0]
        #expect(event["queryStringParameters"] == ["a": "2"])
        #expect(event["headers"]?["cookie"] == "b=2")
        #expect(event["multiValueHeaders"] == nil)
        #expect(response.headers["x-a"] == "1")
    }

    @Test func `Header names are in small letters, repeated ones are kept, and four are added`() async {
        let front = Front(answering: Answer.empty)
        _ = await front.send(
            "GET", "/",
            ["Host": "h", "X-Dup": "1", "x-dup": "3,4", "X-Forwarded-For": "198.51.100.1", "Connection": "x"])
        let headers = front.events[0]["multiValueHeaders"]
        #expect(headers?["x-dup"] == ["1", "3,4"])
        #expect(headers?["x-forwarded-for"] == ["198.51.100.1, 203.0.113.7"])
        #expect(headers?["x-forwarded-port"] == ["8080"])
        #expect(headers?["x-forwarded-proto"] == ["http"])
        #expect(headers?["connection"] == ["x"])
        #expect(headers?["x-amzn-trace-id"]?.array?.first?.string?.hasPrefix("Root=1-6b011740-") == true)
    }

    @Test(arguments: [
        ("text/plain", true), ("text/csv; charset=utf-8", true), ("application/json", true), ("Application/JSON", true),
        ("application/javascript", true), ("application/xml", true), ("application/x-www-form-urlencoded", false),
        ("application/octet-stream", false), ("application/problem+json", false), ("", false),
    ])
    func `Bodies are text for the documented types, base64 for all others`(type: String, isText: Bool) async {
        let front = Front(answering: Answer.empty)
        _ = await front.send("POST", "/", ["Host": "h", "Content-Type": type], body: Array("a=1&b=é".utf8))
        #expect(front.events[0]["isBase64Encoded"] == .bool(!isText))
        #expect(front.events[0]["body"] == (isText ? "a=1&b=é" : "YT0xJmI9w6k="))
    }

    @Test func `Any bytes come back as they were sent`() async {
        var generator = SystemRandomNumberGenerator()
        let front = Front { event in
            let answer: JSONValue = [
                "statusCode": 200, "statusDescription": "200 OK", "isBase64Encoded": event["isBase64Encoded"] ?? false,
                "multiValueHeaders": ["content-type": event["multiValueHeaders"]?["content-type"] ?? []],
                "body": event["body"] ?? "",
            ]
            return Answer.text(answer.description)
        }
        for _ in 0..<300 {
            let count = Int.random(in: 0...2_000, using: &generator)
            let isText = Bool.random(using: &generator)
            let bytes: [UInt8] =
                isText
                ? Array(
                    String(
                        String.UnicodeScalarView(
                            (0..<count).map { _ in Unicode.Scalar(UInt16.random(in: 1...0xD7FF)) ?? "x" })
                    )
                    .utf8)
                : (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let type = isText ? "text/plain" : "application/octet-stream"
            let response = await front.send("POST", "/", ["Host": "h", "Content-Type": type], body: bytes)
            #expect(response.status == 200)
            #expect(response.body == bytes)
            #expect(response.headers["content-type"] == type)
        }
    }
}

@Suite struct LoadBalancerRefusalTests {
    static let refusals: [(String, String, HTTPHeaders, Int)] = [
        ("TRACE", "/", ["Host": "h"], 405),
        ("GET", "/" + String(repeating: "a", count: 16_400), ["Host": "h"], 400),
        ("GET", "/", ["Host": "h", "X-Long": String(repeating: "a", count: 16_400)], 400),
        ("GET", "/", [:], 400),
        ("GET", "http://other/", ["Host": "h"], 400),
        ("GET", "*", ["Host": "h"], 400),
        ("GET", "/", ["Host": "h", "Connection": "Upgrade", "Upgrade": "websocket"], 400),
        ("POST", "/", ["Host": "h", "Transfer-Encoding": "gzip, chunked"], 501),
        ("POST", "/", ["Host": "h", "Content-Length": "1048577"], 413),
        (
            "GET", "/",
            ["Host": "h", "X-Forwarded-For": Array(repeating: "1.1.1.1", count: 31).joined(separator: ",")], 463
        ),
    ]

    @Test(arguments: 0..<refusals.count)
    func `What a load balancer refuses never reaches the function`(index: Int) async {
        let (method, target, headers, status) = Self.refusals[index]
        let front = Front(answering: Answer.empty)
        let response = await front.send(method, target, headers)
        #expect(response.status == status)
        #expect(String(decoding: response.body, as: UTF8.self).contains("<title>\(status)"))
        #expect(response.headers["server"] == "awselb/2.0")
        #expect(front.events.isEmpty)
    }

    @Test func `Headers of 64 KiB in all are too much, each alone would do`() async {
        var headers: HTTPHeaders = ["Host": "h"]
        for number in 0..<5 { headers.append("X-\(number)", String(repeating: "a", count: 14_000)) }
        let front = Front(answering: Answer.empty)
        #expect(await front.send("GET", "/", headers).status == 400)
        #expect(front.events.isEmpty)
    }

    @Test func `A chunked body over 1 MiB is 413 without an invocation, one of 1 MiB passes`() async {
        let front = Front(answering: Answer.empty)
        #expect(await front.send("POST", "/", ["Host": "h"], bodyIsTooLarge: true).status == 413)
        #expect(front.events.isEmpty)
        let full = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(await front.send("POST", "/", ["Host": "h", "Content-Length": "1048576"], body: full).status == 200)
    }

    @Test func `30 forwarded addresses and a chunked coding pass`() async {
        let front = Front(answering: Answer.empty)
        let addresses = Array(repeating: "1.1.1.1", count: 30).joined(separator: ", ")
        let headers: HTTPHeaders = ["Host": "h", "X-Forwarded-For": addresses, "Transfer-Encoding": "chunked"]
        #expect(await front.send("POST", "/", headers).status == 200)
    }
}

@Suite struct LoadBalancerResponseTests {
    @Test(arguments: [
        "not json", "[]", #"{"statusDescription":"200 OK"}"#, #"{"statusCode":"200"}"#, #"{"statusCode":200.5}"#,
        #"{"statusCode":101}"#, #"{"statusCode":0}"#, #"{"statusCode":200,"statusDescription":null}"#,
        #"{"statusCode":200,"statusDescription":""}"#, #"{"statusCode":200,"headers":{"a":"b"}}"#,
        #"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#, #"{"statusCode":200,"multiValueHeaders":{"a":[1]}}"#,
        #"{"statusCode":200,"multiValueHeaders":[]}"#, #"{"statusCode":200,"multiValueHeaders":{"a":["b\r\nc: d"]}}"#,
        #"{"statusCode":200,"multiValueHeaders":{"a":["b\u0000"]}}"#,
        #"{"statusCode":200,"multiValueHeaders":{"a b":["c"]}}"#,
        #"{"statusCode":200,"body":{}}"#, #"{"statusCode":200,"isBase64Encoded":"true"}"#,
        #"{"statusCode":200,"isBase64Encoded":true,"body":"%%%"}"#,
        #"{"statusCode":200,"isBase64Encoded":true,"body":"YQ"}"#,
    ])
    func `A malformed answer is a 502`(answer: String) async {
        let response = await Front(answering: answer).send()
        #expect(response.status == 502)
        #expect(String(decoding: response.body, as: UTF8.self).contains("<h1>502 Bad Gateway</h1>"))
    }

    @Test func `Single-value mode wants strings in headers`() async {
        for answer in [
            #"{"statusCode":200,"headers":{"a":["b"]}}"#, #"{"statusCode":200,"multiValueHeaders":{"a":["b"]}}"#,
        ] {
            #expect(await Front(isMultiValue: false, answering: answer).send().status == 502)
        }
    }

    @Test func `1,048,576 bytes of JSON pass, one more is a 502`() async {
        func answer(_ total: Int) -> String {
            let frame = #"{"statusCode":200,"body":""}"#
            return #"{"statusCode":200,"body":""# + String(repeating: "a", count: total - frame.utf8.count) + #""}"#
        }
        #expect(await Front(answering: answer(1 << 20)).send().status == 200)
        #expect(await Front(answering: answer(1 << 20 + 1)).send().status == 502)
    }

    @Test func `A function error is a 502 that tells nothing of it`() async {
        let failure = FunctionFailure(errorType: "Function.Secret", payload: Array("secret".utf8))
        let response = await Front { _ in .failure(failure) }.send()
        #expect(response.status == 502)
        #expect(!String(decoding: response.body, as: UTF8.self).contains("secret"))
    }

    @Test func `Headers keep their lines, hop-by-hop ones are dropped, Date and Server are added`() async {
        let answer = """
            {"statusCode":418,"statusDescription":"418 Short and stout","isBase64Encoded":true,"body":"AP8=",
            "multiValueHeaders":{"Set-Cookie":["a=1","b=2"],"Connection":["close"],"Transfer-Encoding":["chunked"],
            "Keep-Alive":["5"],"Content-Length":["99"],"Upgrade":["h2c"],"X-Other":["1"]}}
            """
        let response = await Front(answering: answer).send()
        #expect(response.status == 418)
        #expect(response.reason == "Short and stout")
        #expect(response.body == [0x00, 0xFF])
        #expect(response.headers.values("set-cookie") == ["a=1", "b=2"])
        #expect(response.headers["x-other"] == "1")
        #expect(!response.headers.contains("transfer-encoding"))
        #expect(!response.headers.contains("keep-alive"))
        #expect(!response.headers.contains("upgrade"))
        #expect(!response.headers.contains("content-length"))
        #expect(response.headers["server"] == "awselb/2.0")
        #expect(response.headers["date"] == "Sat, 21 Nov 2026 04:00:00 GMT")
    }

    @Test(arguments: [204, 304])
    func `No body goes with 204 and 304`(status: Int) async {
        let response = await Front(answering: #"{"statusCode":\#(status),"body":"x"}"#).send()
        #expect(response.status == status)
        #expect(response.body.isEmpty)
    }
}
