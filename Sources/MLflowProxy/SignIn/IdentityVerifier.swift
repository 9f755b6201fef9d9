internal import AWSCore
internal import Cryptography
internal import JSON
internal import Lambda
internal import Timestamps

/// Finds out whom the load balancer has signed in, from the token it sends along.
///
/// The order is that of trust: form, header, key, signature, and only then what the token says of the visitor.
struct IdentityVerifier: Sendable {
    let signIn: LoadBalancerSignIn
    let keys: VerificationKeys
    let now: @Sendable () -> Timestamp

    /// How far the load balancer's clock may be ahead of or behind ours.
    private static let skew = Duration.seconds(60)

    /// The visitor.
    ///
    /// - Throws: ``IdentityError``; `CancellationError`.
    func caller(of text: String, context: LambdaContext) async throws -> Caller {
        let token = try IdentityToken(text)
        let issuer = try check(token.header)
        let key = try await keys.key(token.keyID, context: context)
        guard key.verifies(token.signature, of: token.signed) else {
            throw IdentityError.refused("the token's signature is not that of its key")
        }
        keys.noteProof(by: token.keyID)
        let payload = try token.payload
        let subject = try subject(in: payload, issuer: issuer)
        return Caller(
            pseudonym: String(Hex.encode(SHA256.hash("\(issuer)|\(subject)")).prefix(16)),
            name: Self.email(in: payload) ?? subject)
    }

    /// The visitor's address, unless the identity provider says that nobody has checked it.
    private static func email(in payload: TokenClaims) -> String? {
        let isUnverified = payload["email_verified"] == false || payload["email_verified"]?.string == "false"
        return isUnverified ? nil : payload["email"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Checks everything the header says but the key, and gives the issuer.
    private func check(_ header: TokenClaims) throws(IdentityError) -> String {
        try header.require("signer", signIn.loadBalancer.description)
        let client = try header.text("client")
        if let expected = signIn.clientID, !client.utf8.elementsEqual(expected.utf8) {
            throw .refused("client in the token's header is not the one expected")
        }
        let issuer = try header.text("iss")
        if let expected = signIn.issuer, !issuer.utf8.elementsEqual(expected.utf8) {
            throw .refused("iss in the token's header is not the one expected")
        }
        guard let end = try header.seconds("exp") else { throw .refused("the token's header has no exp") }
        try checkEnd(end)
        return issuer
    }

    /// The visitor, when the payload does not gainsay the header.
    private func subject(in payload: TokenClaims, issuer: String) throws(IdentityError) -> String {
        if payload["iss"] != nil { try payload.require("iss", issuer) }
        if let end = try payload.seconds("exp") { try checkEnd(end) }
        return try payload.text("sub")
    }

    private func checkEnd(_ end: Int64) throws(IdentityError) {
        guard Timestamp(secondsSinceEpoch: end) + Self.skew > now() else { throw .refused("the token has expired") }
    }
}
