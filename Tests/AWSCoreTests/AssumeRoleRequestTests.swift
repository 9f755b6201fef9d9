import AWSCore
import Configuration
import Testing

@Suite struct AssumeRoleRequestTests {
    private let role = "arn:aws:iam::123456789012:role/team/proxy"

    @Test func everyBrokenRuleIsToldAtOnce() {
        let error = #expect(throws: ConfigurationError.self) {
            try AssumeRoleRequest(
                roleARN: "arn:aws:iam::12:role/proxy-role", sessionName: "a b", duration: .seconds(899),
                externalID: "x", sourceIdentity: "!",
                tags: [.init(key: "Team", value: "a<b"), .init(key: "team", value: "")], transitiveTagKeys: ["", "a;b"])
        }
        #expect(
            error?.problems == [
                "The role ARN is wrong: \"arn:aws:iam::12:role/proxy-role\" is not an ARN: "
                    + "the account \"12\" is not twelve digits.",
                "The role session name may hold only letters, digits and _+=,.@-.",
                "The session duration is 899.0 seconds; it has to be whole seconds from 900 to 43200.",
                "The external id has to have 2 to 1224 characters.",
                "The source identity has to have 2 to 64 characters.",
                "The source identity may hold only letters, digits and _+=,.@-.",
                "The value of the session tag \"Team\" has to have 0 to 256 characters: "
                    + "letters, digits, spaces and _.:/=+-@.",
                "The session tag key \"team\" comes twice; capitals make no difference.",
                "The transitive tag key \"\" has to have 1 to 128 characters: letters, digits, spaces and _.:/=+-@.",
                "The transitive tag key \"a;b\" has to have 1 to 128 characters: letters, digits, spaces and _.:/=+-@.",
            ])
    }

    @Test func theLimitsThemselvesAreAllowed() throws {
        _ = try AssumeRoleRequest(
            roleARN: role, sessionName: "ab", duration: .seconds(900), externalID: "a/", sourceIdentity: "a@",
            tags: (1...50).map {
                .init(key: "\($0)" + String(repeating: "k", count: 126), value: String(repeating: "é", count: 256))
            },
            transitiveTagKeys: ["1"])
        _ = try AssumeRoleRequest(
            roleARN: role, sessionName: String(repeating: "a", count: 64), duration: .seconds(43_200))
    }

    @Test(arguments: [
        "arn:aws:iam::123456789012:user/someone", "arn:aws:sts::123456789012:role/x", "role/x",
        "arn:aws:iam:::role/a-role-of-nobody",
    ])
    func whatIsNoRoleIsRefused(text: String) {
        #expect(throws: ConfigurationError.self) { try AssumeRoleRequest(roleARN: text, sessionName: "session") }
    }

    @Test func oneOverTheLimitIsRefused() {
        #expect(throws: ConfigurationError.self) {
            try AssumeRoleRequest(roleARN: role, sessionName: String(repeating: "a", count: 65))
        }
        #expect(throws: ConfigurationError.self) {
            try AssumeRoleRequest(roleARN: role, sessionName: "ab", duration: .milliseconds(900_500))
        }
        #expect(throws: ConfigurationError.self) {
            try AssumeRoleRequest(
                roleARN: role, sessionName: "ab", tags: (1...51).map { .init(key: "\($0)", value: "") })
        }
    }
}
