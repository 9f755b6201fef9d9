internal import CloudFormation
internal import JSON

/// What a schedule or a person asks for outside of any stack: `{ "action": "stop", "trackingServer": "team" }`.
struct ActionRequest: Sendable, Equatable {
    enum Action: String, Sendable, CaseIterable {
        case start, stop, describe, presign
    }

    enum Subject: Sendable, Equatable {
        case trackingServer(String)
        /// By its ARN.
        case app(String)
    }

    let action: Action
    let subject: Subject

    /// Whether the event is such a request, well-formed or not: it has an action, by itself or as the detail of an event
    /// of EventBridge.
    static func isOne(_ event: JSONValue) -> Bool {
        event["RequestType"] == nil && (event["action"] != nil || event["detail"]?["action"] != nil)
    }

    /// Reads a request.
    ///
    /// - Throws: ``ActionError`` with everything that is wrong with it.
    init(_ event: JSONValue) throws(ActionError) {
        let request = event["action"] == nil ? event["detail"] ?? event : event
        var problems: [String] = []
        let action = request["action"]?.string.flatMap(Action.init(rawValue:))
        if action == nil {
            let words = Action.allCases.map(\.rawValue).joined(separator: ", ")
            problems.append("The action must be one of \(words).")
        }
        let known: Set<String> = ["action", "trackingServer", "app"]
        for member in request.object ?? [:] where !known.contains(member.name) {
            problems.append(
                "\(String(member.name.prefix(40)).debugDescription) is not known; known are action, trackingServer, app."
            )
        }
        switch (request["trackingServer"], request["app"]) {
        case (let name?, nil):
            subject = .trackingServer(name.string ?? "")
            if name.string.map(ServiceRules.name.accepts) != true {
                problems.append("trackingServer must be a name of \(ServiceRules.name.expectation).")
            }
        case (nil, let arn?):
            subject = .app(arn.string ?? "")
            if MLflowProperties.Kind(arn: arn.string ?? "") != .app {
                problems.append("app must be the ARN of an MLflow App.")
            }
            if action == .start || action == .stop {
                problems.append("An MLflow App cannot be started or stopped: it costs nothing while nobody uses it.")
            }
        default:
            subject = .app("")
            problems.append("Either trackingServer (a name) or app (an ARN) has to be given.")
        }
        guard problems.isEmpty, let action else { throw ActionError(problems.joined(separator: " ")) }
        self.action = action
    }
}

/// Why an action was not carried out, as a sentence.
struct ActionError: Error, Sendable, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
