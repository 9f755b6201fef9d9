import Encoding
import HTTP
import JSON
import LambdaEvents
import TestSupport
import Testing

@Suite struct ALBTargetResponseTests {
    private static func json(_ response: ALBTargetResponse) throws -> JSONValue {
        try JSONValue(parsing: response.encoded())
    }

    /// The body as the load balancer hands it to the client.
    private static func body(_ answer: JSONValue) throws -> [UInt8] {
        let text = try #require(answer["body"]?.string)
        guard answer["isBase64Encoded"] == true else { return Array(text.utf8) }
        return try #require(Base64.decode(text))
    }

    @Test func anAnswerIsWrittenAsTheLoadBalancerWantsIt() {
        let response = ALBTargetResponse(
            status: 200, headers: ["content-type": "text/plain", "x-a": "1", "X-A": "2"], body: Array("hi\n".utf8),
            headerMode: .multiple)
        #expect(
            String(decoding: response.encoded(), as: UTF8.self)
                == #"{"statusCode":200,"statusDescription":"200 OK","multiValueHeaders":{"content-type":["text/plain"],"x-a":["1","2"]},"body":"hi\n","isBase64Encoded":false}"#
        )
    }

    @Test func inSingleModeLinesAreJoinedAndCookiesAreNot() {
        let response = ALBTargetResponse(
            status: 404,
            headers: ["vary": "A", "set-cookie": "a=1", "Vary": "B", "Set-Cookie": "b=2", "set-cookie": "c=3"],
            headerMode: .single)
        #expect(
            String(decoding: response.encoded(), as: UTF8.self)
                == #"{"statusCode":404,"statusDescription":"404 Not Found","headers":{"vary":"A, B","set-cookie":"a=1","Set-cookie":"b=2","sEt-cookie":"c=3"},"body":"","isBase64Encoded":false}"#
        )
    }

    @Test func everyCookieOfManyHasANameOfItsOwn() throws {
        var headers = HTTPHeaders()
        for index in 0..<600 { headers.append("set-cookie", "c=\(index)") }
        let answer = try Self.json(ALBTargetResponse(status: 200, headers: headers, headerMode: .single))
        let names = try #require(answer["headers"]?.object).map(\.name)
        #expect(names.count == 512)
        #expect(Set(names).count == 512)
        #expect(names.allSatisfy { HTTPHeaders.sameName($0, "set-cookie") })
    }

    @Test(arguments: [ALBHeaderMode.single, .multiple])
    func aLineThatWouldBreakTheAnswerIsLeftOut(mode: ALBHeaderMode) throws {
        let answer = try Self.json(
            ALBTargetResponse(
                status: 200, headers: ["a": "x\r\nset-cookie: y", "b c": "1", "": "2", "d": "\0", "e": "ok"],
                headerMode: mode))
        let headers = try #require(answer[mode == .single ? "headers" : "multiValueHeaders"]?.object)
        #expect(headers.map(\.name) == ["e"])
    }

    @Test func statusesHaveAPhraseEvenWhenNobodyKnowsThem() throws {
        for (status, phrase) in [(502, "502 Bad Gateway"), (421, "421 Misdirected Request"), (299, "299 Unassigned")] {
            let answer = try Self.json(ALBTargetResponse(status: status, headerMode: .multiple))
            #expect(answer["statusDescription"]?.string == phrase)
            #expect(answer["statusCode"]?.integer == Int64(status))
        }
    }

    @Test func aCompressedOrBinaryBodyGoesAsBase64() throws {
        for headers: HTTPHeaders in [["content-encoding": "gzip"], ["content-type": "image/png"]] {
            let answer = try Self.json(
                ALBTargetResponse(status: 200, headers: headers, body: Array("text".utf8), headerMode: .multiple))
            #expect(answer["isBase64Encoded"] == true)
            #expect(answer["body"]?.string == "dGV4dA==")
        }
        let svg = try Self.json(
            ALBTargetResponse(
                status: 200, headers: ["content-type": "image/svg+xml"], body: Array("<svg/>".utf8),
                headerMode: .multiple))
        #expect(svg["body"] == "<svg/>")
    }

    @Test func aTextThatIsShorterAsBase64GoesAsBase64() throws {
        let answer = try Self.json(
            ALBTargetResponse(
                status: 200, headers: ["content-type": "text/plain"], body: [UInt8](repeating: 1, count: 99),
                headerMode: .multiple))
        #expect(answer["isBase64Encoded"] == true)
    }

    /// Bodies of every make come out as they went in, in both modes.
    @Test(arguments: [ALBHeaderMode.single, .multiple])
    func everyBodySurvives(mode: ALBHeaderMode) throws {
        var random = SeededGenerator(seed: 3)
        var bodies: [[UInt8]] = [
            [], (UInt8.min...UInt8.max).map { $0 }, (0..<128).map { $0 }, Array("é😀\u{2028}\"\\\u{7F}".utf8),
            [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAE], Array("é".utf8) + [0xFF],
        ]
        for count in 0..<400 {
            bodies.append((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            bodies.append((0..<count).map { _ in UInt8.random(in: 0...126, using: &random) })
        }
        for body in bodies {
            let response = ALBTargetResponse(
                status: 200, headers: ["content-type": "application/json"], body: body, headerMode: mode)
            #expect(try Self.body(Self.json(response)) == body)
        }
    }

    @Test func everyByteSurvivesInEveryPlace() throws {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<17 {
                var body = [UInt8](repeating: UInt8(ascii: "a"), count: 17)
                body[place] = byte
                let response = ALBTargetResponse(
                    status: 200, headers: ["content-type": "text/plain"], body: body, headerMode: .multiple)
                #expect(try Self.body(Self.json(response)) == body)
            }
        }
    }
}
