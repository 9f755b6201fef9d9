import HTTP
import JSON
import LambdaEvents
import TestSupport

/// Callers of one fuzz run: who is let in under each `PROXY_AUTH`, and who is not.
struct FuzzIdentities: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case network
        case bearer = "alb-jwt"
        case signIn = "alb-oidc"
    }

    let kind: Kind
    /// Serves the keys and signs.
    let signIn: SignInFixture
    let good: [String]
    let forged: [HTTPHeaders]

    init(_ kind: Kind) throws {
        self.kind = kind
        let signIn = try SignInFixture()
        self.signIn = signIn
        good = (0..<6).map { number in
            signIn.token {
                $0.isPadded = number % 2 == 0
                $0.payload["sub"] = .string("visitor-\(number)")
            }
        }
        let payloads = good.compactMap { $0.split(separator: ".").dropFirst().first?.prefix(20) }
        secrets = kind == .signIn ? Array(Set(payloads.map(String.init))) : []
        let alone = Forgery.all.map { $0.headers(signIn) }.filter { $0.fields.count == 1 }
        forged =
            alone
            + [(good[0], good[0]), (good[0], good[1]), (good[0], ""), ("", good[0])].map {
                ["x-amzn-oidc-data": $0, "X-Amzn-Oidc-Data": $1]
            }
    }

    /// Secrets of the callers that do not hold the canary: how the payloads of all the good tokens begin.
    let secrets: [String]

    /// Gives the event what lets most callers in.
    func identify(_ event: inout HostileEvent, _ random: inout SeededGenerator) {
        guard Int.random(in: 0..<100, using: &random) < 93 else { return misidentify(&event, &random) }
        if kind == .bearer || Bool.random(using: &random) { event.add("authorization", "Bearer canary-bearer") }
        if kind == .signIn, let token = good.randomElement(using: &random) { event.add("x-amzn-oidc-data", token) }
    }

    /// Gives the event what lets nobody in.
    func misidentify(_ event: inout HostileEvent, _ random: inout SeededGenerator) {
        if Bool.random(using: &random) {
            event.headers.removeAll { ["authorization", "x-amzn-oidc-data"].contains($0.name) }
        }
        switch kind {
        case .network: event.add("x-amzn-oidc-data", "canary-token.canary-token.canary-token")
        case .bearer: event.add("authorization", HostileValues.bearers.randomElement(using: &random) ?? "")
        case .signIn:
            for field in forged.randomElement(using: &random) ?? HTTPHeaders() { event.add(field.name, field.value) }
        }
    }

    /// Whether a request may be let in.
    func mayPass(_ request: ALBTargetRequest) -> Bool {
        let headers = request.headers
        switch kind {
        case .network: return true
        case .bearer:
            // The listener does not look at the token of what may be a preflight.
            guard request.method != .options else { return false }
            let values = headers.values("authorization")
            guard values.count == 1 else { return false }
            let parts = values[0].split(separator: " ")
            return parts.count == 2 && parts[0].lowercased() == "bearer"
        case .signIn:
            let values = headers.values("x-amzn-oidc-data")
            return values.count == 1 && good.contains(values[0])
        }
    }
}
