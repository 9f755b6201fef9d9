/// The states of a runtime and what it may call in each; the same rules as in Lambda.
///
/// A runtime that takes one invocation at a time is `started` until it first asks for an event, then turns in the
/// circle `ready` (waits for an event), `running` (has one), `responseSent` (answered it). With managed concurrency the
/// circle is walked once for each invocation.
struct RuntimeStates {
    /// An invocation that was handed out.
    private struct Delivered {
        var invocation: Invocation
        var isAnswered = false
    }

    private enum Phase: Equatable {
        case started
        case initError
        case serving
    }

    /// Why a call is refused.
    enum Refusal: Equatable {
        case transition(from: String, to: String)
        case unknownRequestID
    }

    private let concurrency: Int
    private var phase = Phase.started
    private var delivered: [String: Delivered] = [:]
    /// With a concurrency of one: the request handed out last.
    private var current: String?

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// Lambda's name of the state.
    var name: String {
        switch phase {
        case .started: return "Started"
        case .initError: return "InitError"
        case .serving:
            guard let current, let last = delivered[current] else { return "Ready" }
            return last.isAnswered ? "RuntimeResponseSentState" : "Running"
        }
    }

    /// The runtime asks for an event.
    ///
    /// - Returns: The event it has already and must answer first, which is handed out again; nil when it is to wait.
    mutating func next() -> Result<Invocation?, RefusalError> {
        guard phase != .initError else { return .failure(RefusalError(.transition(from: name, to: "Ready"))) }
        phase = .serving
        guard concurrency == 1, let last = current.flatMap({ delivered[$0] }) else { return .success(nil) }
        guard last.isAnswered else { return .success(last.invocation) }
        delivered = [:]
        current = nil
        return .success(nil)
    }

    /// An event is handed to a runtime that waits.
    mutating func deliver(_ invocation: Invocation) {
        delivered[invocation.requestID] = Delivered(invocation: invocation)
        if concurrency == 1 { current = invocation.requestID }
    }

    /// The runtime answers an invocation with `InvocationResponse` or `InvocationErrorResponse`.
    func answer(_ requestID: String, to state: String) -> Result<Invocation, RefusalError> {
        guard let found = delivered[requestID] else { return .failure(RefusalError(.unknownRequestID)) }
        guard !found.isAnswered else { return .failure(RefusalError(.transition(from: name, to: state))) }
        return .success(found.invocation)
    }

    /// The answer is taken.
    mutating func answered(_ requestID: String) {
        if concurrency == 1 {
            delivered[requestID]?.isAnswered = true
        } else {
            delivered[requestID] = nil
        }
    }

    /// The runtime reports that it cannot start.
    mutating func initError() -> RefusalError? {
        guard phase == .started else { return RefusalError(.transition(from: name, to: "InitError")) }
        phase = .initError
        return nil
    }

    /// Carries a ``Refusal`` in a `Result`.
    struct RefusalError: Error {
        var refusal: Refusal

        init(_ refusal: Refusal) {
            self.refusal = refusal
        }
    }
}
