import Configuration
import Testing

@Suite struct ConfigurationTests {
    @Test(arguments: [
        ("PROXY_AUHT", "PROXY_AUTH"), ("PROXY_ALOWED_ORIGIN", "PROXY_ALLOWED_ORIGINS"), ("proxy_auth", nil),
        ("", nil), ("PROXY_AUTH", "PROXY_AUTH"), ("SOMETHING_ELSE", nil),
    ])
    func aTypingErrorLeadsToTheNameThatWasMeant(text: String, expected: String?) {
        #expect(NearestName.of(text, among: ["PROXY_AUTH", "PROXY_ALLOWED_ORIGINS"]) == expected)
    }

    @Test func nothingIsNearWhenNothingIsKnown() {
        #expect(NearestName.of("PROXY_AUTH", among: []) == nil)
    }

    @Test func anEmptyVariableIsNotSet() {
        let environment = Environment(["B": "1", "A": "2", "C": ""])
        #expect(environment.names == ["A", "B"])
        #expect(environment["C"] == nil)
    }

    @Test func problemsAreReportedTogether() {
        #expect(ConfigurationError(["A is not set.", "B is wrong."]).description == "A is not set. B is wrong.")
    }
}
