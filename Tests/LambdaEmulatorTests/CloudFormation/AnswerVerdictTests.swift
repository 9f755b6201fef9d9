import JSON
import LambdaEmulator
import Testing

@Suite struct AnswerVerdictTests {
    private let request: SampleRequest

    init() throws {
        request = try sampleRequest("Create", ["RequestId": "r-1", "LogicalResourceId": "Thing"])
    }

    private func answer(_ changes: [String: JSONValue?] = [:]) -> [UInt8] {
        var members = JSONObject([
            .init(name: "Status", value: "SUCCESS"), .init(name: "PhysicalResourceId", value: "thing/1"),
            .init(name: "StackId", value: .string(request.stackID)), .init(name: "RequestId", value: "r-1"),
            .init(name: "LogicalResourceId", value: "Thing"), .init(name: "Data", value: ["Size": "5"]),
        ])
        for (name, value) in changes { members[name] = value }
        return JSONValue.object(members).encoded
    }

    private func message(_ body: [UInt8], attributes: [String] = []) -> String? {
        guard case .invalid(let message) = AnswerVerdict(body, to: request, attributes: attributes) else { return nil }
        return message
    }

    @Test func `A success and a failure with its reason are taken`() {
        #expect(AnswerVerdict(answer(), to: request) == .success)
        #expect(AnswerVerdict(answer(["Data": nil, "NoEcho": true]), to: request) == .success)
        let failed = AnswerVerdict(answer(["Status": "FAILED", "Reason": "no room"]), to: request)
        #expect(
            failed.message
                == "Received response status [FAILED] from custom resource. Message returned: no room (RequestId: r-1)")
        #expect(failed.isValid)
    }

    @Test func `4096 bytes are read, one more is too long`() {
        let rest = 4_096 - answer(["Data": ["Size": ""]]).count
        let longest = answer(["Data": ["Size": .string(String(repeating: "5", count: rest))]])
        #expect(longest.count == 4_096)
        #expect(AnswerVerdict(longest, to: request) == .success)
        #expect(message(longest + [0x20])?.contains("response object is too long") == true)
    }

    @Test(
        arguments: [
            (["Status": "OK"], "Status is \"OK\""), (["Status": nil], "Status is missing"),
            (["StackId": "arn:other"], "StackId is \"arn:other\""), (["RequestId": nil], "RequestId is missing"),
            (["LogicalResourceId": "thing"], "LogicalResourceId is \"thing\""),
            (["PhysicalResourceId": nil], "Invalid PhysicalResourceId"),
            (["PhysicalResourceId": ""], "Invalid PhysicalResourceId"),
            (["PhysicalResourceId": .string(String(repeating: "é", count: 513))], "it has 1026 bytes"),
            (["Status": "FAILED"], "Reason is missing"), (["Status": "FAILED", "Reason": ""], "Reason is empty"),
            (["Reason": 5], "Reason is a number"), (["NoEcho": "true"], "NoEcho is a string"),
            (["Data": ["Size"]], "Data is an array"), (["Data": ["Size": 5]], "Data.Size is a number"),
            (["Data": ["Size": ["Width": "5"]]], "Data.Size is an object"),
        ] as [([String: JSONValue?], String)])
    func `What CloudFormation cannot use is named`(changes: [String: JSONValue?], expected: String) {
        #expect(message(answer(changes))?.contains(expected) == true)
    }

    @Test func `Neither is anything else than an object of JSON taken`() {
        for body in ["", "SUCCESS", "[]", "{", "\"SUCCESS\""] {
            #expect(message(Array(body.utf8))?.hasPrefix("Invalid response object: it is ") == true)
        }
    }

    @Test func `An attribute that the template asks for must be there`() throws {
        #expect(AnswerVerdict(answer(), to: request, attributes: ["Size"]) == .success)
        let expected = "Vendor response doesn't contain Width key in object \(request.stackID)|Thing|r-1."
        #expect(message(answer(), attributes: ["Size", "Width"]) == expected)
        // Nobody asks for an attribute of what is deleted.
        let delete = try sampleRequest(
            "Delete", ["RequestId": "r-1", "LogicalResourceId": "Thing", "StackId": .string(request.stackID)])
        #expect(AnswerVerdict(answer(), to: delete, attributes: ["Width"]) == .success)
    }
}
