import HTTP
import Testing

@Suite struct HTTPHeadersTests {
    @Test func namesCompareWithoutCaseAndKeepTheirSpelling() {
        var headers: HTTPHeaders = ["X-One": "1", "x-one": "2", "Other": "3"]
        #expect(headers["x-ONE"] == "1")
        #expect(headers.values("X-one") == ["1", "2"])
        headers["X-ONE"] = "4"
        #expect(headers.fields.map(\.name) == ["X-One", "Other"])
        #expect(headers.values("x-one") == ["4"])
        headers["other"] = nil
        #expect(!headers.contains("Other"))
    }

    @Test(arguments: ["a\r\nb", "a\nb", "a\rb", "a\0b", "\u{7F}"])
    func aValueThatWouldSplitTheMessageIsInvalid(value: String) {
        #expect(!HTTPHeaders.Field(name: "X-A", value: value).isValid)
    }

    @Test(arguments: ["", "a b", "a:", "ä", "a\r", "a/b"])
    func aNameThatIsNoTokenIsInvalid(name: String) {
        #expect(!HTTPHeaders.Field(name: name, value: "v").isValid)
    }

    @Test func ordinaryFieldsAreValid() {
        #expect(HTTPHeaders.Field(name: "x-amz-date", value: "2026 \t é").isValid)
        #expect(HTTPHeaders.Field(name: "Empty", value: "").isValid)
    }
}

@Suite struct URLPartsTests {
    @Test func aURLIsCutAndNothingIsDecoded() throws {
        let parts = try #require(URLParts("HTTPS://bucket.s3.amazonaws.com:8443/arn%3Aaws//../%7C?X-Amz=1&b=c?d"))
        #expect(parts.scheme == "https")
        #expect(parts.authority == "bucket.s3.amazonaws.com:8443")
        #expect(parts.path == "/arn%3Aaws//../%7C")
        #expect(parts.query == "X-Amz=1&b=c?d")
        #expect(URLParts("http://[::1]:80")?.path == "")
    }

    @Test(arguments: [
        "", "ftp://a/b", "http://", "http:///path", "http://user@host/", "http://a b/", "http://a:0/",
        "http://a:99999/",
        "http://a/#f", "//a/b", "http://[::1", "http://a\\b/", "http://a/\u{e9}",
    ])
    func whatIsNoPlainHTTPURLIsRefused(url: String) {
        #expect(URLParts(url) == nil)
    }
}

@Suite struct PercentEncodingTests {
    @Test func everyByteSurvives() {
        let all = (UInt8.min...UInt8.max).map { $0 }
        #expect(PercentEncoding.decode(PercentEncoding.encode(all)) == all)
    }

    @Test func onlyUnreservedStay() {
        #expect(PercentEncoding.encode("aZ09-._~ !*'()é/") == "aZ09-._~%20%21%2A%27%28%29%C3%A9%2F")
        #expect(PercentEncoding.encode("a/b c", keepingSlash: true) == "a/b%20c")
    }

    @Test func malformedEscapesStandForThemselves() {
        #expect(PercentEncoding.decode("%") == Array("%".utf8))
        #expect(PercentEncoding.decode("%4") == Array("%4".utf8))
        #expect(PercentEncoding.decode("%zz%41") == Array("%zzA".utf8))
        #expect(PercentEncoding.decode("a+b", plusIsSpace: true) == Array("a b".utf8))
    }
}
