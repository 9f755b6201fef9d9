import JSON

/// What CloudFormation makes of the answer to a custom-resource request, or of its absence.
public enum AnswerVerdict: Sendable, Equatable {
    /// The resource is there, changed or gone, as asked.
    case success
    /// The provider said that it failed; the sentence is what the stack's events show.
    case failed(String)
    /// The answer cannot be used, which fails the resource; the sentence says why.
    case invalid(String)
    /// No answer came while somebody waited.
    case missing(String)

    /// The longest answer that is read, in bytes.
    public static let maximumBytes = 4_096
    /// The longest physical id, in bytes.
    public static let maximumPhysicalIDBytes = 1_024

    /// `SUCCESS`, `FAILED`, `INVALID` or `MISSING`.
    public var name: String {
        switch self {
        case .success: "SUCCESS"
        case .failed: "FAILED"
        case .invalid: "INVALID"
        case .missing: "MISSING"
        }
    }

    /// The sentence; nil for a success.
    public var message: String? {
        switch self {
        case .success: nil
        case .failed(let message), .invalid(let message), .missing(let message): message
        }
    }

    /// Whether the answer is one that CloudFormation can use.
    public var isValid: Bool {
        switch self {
        case .success, .failed: true
        case .invalid, .missing: false
        }
    }

    /// Judges an answer.
    ///
    /// - Parameters:
    ///   - body: The answer as it was stored.
    ///   - request: What it answers.
    ///   - attributes: The names that the template asks for with `Fn::GetAtt`.
    public init(_ body: [UInt8], to request: SampleRequest, attributes: [String] = []) {
        do throws(Problem) {
            let answer = try Self.read(body)
            try Self.check(answer, request)
            if answer["Status"] == "FAILED" {
                self = .failed(
                    "Received response status [FAILED] from custom resource. Message returned: "
                        + "\(answer["Reason"]?.string ?? "") (RequestId: \(request.requestID))")
                return
            }
            if request.requestType != "Delete" { try Self.checkAttributes(attributes, answer, request) }
            self = .success
        } catch {
            self = .invalid(error.sentence)
        }
    }

    private struct Problem: Error {
        var sentence: String

        init(_ sentence: String) {
            self.sentence = sentence
        }
    }

    private static func read(_ body: [UInt8]) throws(Problem) -> JSONValue {
        guard body.count <= maximumBytes else {
            throw Problem("The response object is too long: \(body.count) bytes, of \(maximumBytes) that it may have.")
        }
        let answer: JSONValue
        do { answer = try JSONValue(parsing: body) } catch { throw Problem("Invalid response object: it is \(error).") }
        guard answer.object != nil else {
            throw Problem("Invalid response object: it is \(answer.kind), where an object is expected.")
        }
        return answer
    }

    private static func check(_ answer: JSONValue, _ request: SampleRequest) throws(Problem) {
        let status = try text("Status", answer)
        guard status == "SUCCESS" || status == "FAILED" else {
            throw Problem("Invalid response object: Status is \(shown(status)); it must be SUCCESS or FAILED.")
        }
        let repeated = [
            ("StackId", request.stackID), ("RequestId", request.requestID),
            ("LogicalResourceId", request.logicalResourceID),
        ]
        for (name, expected) in repeated {
            let found = try text(name, answer)
            guard found.utf8.elementsEqual(expected.utf8) else {
                throw Problem(
                    "Invalid response object: \(name) is \(shown(found)), where the request has \(shown(expected)).")
            }
        }
        let id = answer["PhysicalResourceId"]?.string ?? ""
        guard !id.isEmpty else {
            throw Problem("Invalid PhysicalResourceId: the response has no text in its member PhysicalResourceId.")
        }
        guard id.utf8.count <= maximumPhysicalIDBytes else {
            throw Problem(
                "Invalid PhysicalResourceId: it has \(id.utf8.count) bytes, of \(maximumPhysicalIDBytes) that it may "
                    + "have.")
        }
        if status == "FAILED", try text("Reason", answer).isEmpty {
            throw Problem("Invalid response object: Reason is empty, and a failure must say why.")
        }
        if let reason = answer["Reason"], reason.string == nil, !reason.isNull {
            throw Problem("Invalid response object: Reason is \(reason.kind); it must be a string.")
        }
        if let noEcho = answer["NoEcho"], noEcho.bool == nil {
            throw Problem("Invalid response object: NoEcho is \(noEcho.kind); it must be a boolean.")
        }
        try checkData(answer["Data"])
    }

    /// `Fn::GetAtt` reaches texts only.
    private static func checkData(_ data: JSONValue?) throws(Problem) {
        guard let data, !data.isNull else { return }
        guard let members = data.object else {
            throw Problem("Invalid response object: Data is \(data.kind); it must be an object.")
        }
        for member in members where member.value.string == nil {
            throw Problem(
                "Invalid response object: Data.\(member.name) is \(member.value.kind); it must be a string.")
        }
    }

    private static func checkAttributes(
        _ names: [String], _ answer: JSONValue, _ request: SampleRequest
    ) throws(Problem) {
        for name in names where answer["Data"]?[name] == nil && name != "PhysicalResourceId" {
            throw Problem("Vendor response doesn't contain \(name) key in object \(request.object).")
        }
    }

    private static func text(_ name: String, _ answer: JSONValue) throws(Problem) -> String {
        guard let text = answer[name]?.string else {
            let found = answer[name].map { "is \($0.kind); it must be a string" } ?? "is missing"
            throw Problem("Invalid response object: \(name) \(found).")
        }
        return text
    }

    private static func shown(_ text: String) -> String {
        String(text.unicodeScalars.prefix(120)).debugDescription
    }
}
