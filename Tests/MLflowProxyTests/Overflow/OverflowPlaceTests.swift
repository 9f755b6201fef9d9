import Configuration
import MLflowProxy
import Testing

@Suite struct OverflowPlaceTests {
    private static func read(_ values: [String: String]) throws(ConfigurationError) -> OverflowPlace? {
        try ProxyConfiguration(Environment(values.merging(["PROXY_AUTH": "network"]) { $1 })).overflow
    }

    @Test func bucketAndPrefixAreRead() throws {
        let place = try #require(
            try Self.read(["PROXY_OVERFLOW_BUCKET": "team-answers-1", "PROXY_OVERFLOW_PREFIX": "mlflow/large"]))
        #expect(place.bucket == "team-answers-1")
        #expect(place.prefix == "mlflow/large/")
        #expect(try Self.read(["PROXY_OVERFLOW_BUCKET": "abc"])?.prefix == "mlflow-proxy/")
        #expect(try Self.read(["PROXY_OVERFLOW_BUCKET": "abc", "PROXY_OVERFLOW_PREFIX": "a/"])?.prefix == "a/")
        #expect(try Self.read([:]) == nil)
    }

    @Test(arguments: [
        "ab", String(repeating: "a", count: 64), "Answers", "an_swers", "-answers", "answers-", "a.b.c", "192.168.1.1",
        "arn:aws:s3:::answers", "s3://answers", "answers/x", "xn--answers", "sthree-x", "amzn-s3-demo-x", "x-s3alias",
        "x--ol-s3", "x--use1-az4--x-s3", "ans wers", "änswers",
    ])
    func aNameThatNoBucketHasIsNamed(bucket: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.read(["PROXY_OVERFLOW_BUCKET": bucket]) }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.hasPrefix("PROXY_OVERFLOW_BUCKET") == true)
    }

    @Test(arguments: [
        "/a", "a//b", "a/../b", "..", "./a", "a b", "a*", "a?", "a$b", "ä", "a%2F", String(repeating: "a", count: 513),
    ])
    func aPrefixThatMeansSomethingElseSomewhereIsNamed(prefix: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.read(["PROXY_OVERFLOW_BUCKET": "answers", "PROXY_OVERFLOW_PREFIX": prefix])
        }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.hasPrefix("PROXY_OVERFLOW_PREFIX") == true)
    }

    @Test func aPrefixOfNothingIsAMistake() {
        #expect(throws: ConfigurationError.self) { try Self.read(["PROXY_OVERFLOW_PREFIX": "a"]) }
    }
}
