internal import Encoding

/// The load balancer's word for who is signed in (`x-amzn-oidc-data`), cut into its parts: a JSON Web Signature in
/// compact form (RFC 7515), but for the padding that the load balancer leaves in its parts.
struct IdentityToken: Sendable {
    /// Larger than the load balancer makes them: it refuses claims of more than 11 KB.
    static let maximumBytes = 16 << 10

    /// What says how the token is signed and for whom.
    let header: TokenClaims
    /// The id of the key: 36 small hexadecimal digits and hyphens, so that it may stand in a URL.
    let keyID: String
    /// The signature, r and s.
    let signature: [UInt8]
    private let bytes: [UInt8]
    private let payloadRange: Range<Int>

    /// Cuts a token; nothing of it is proven yet.
    init(_ text: String) throws(IdentityError) {
        guard text.utf8.count <= Self.maximumBytes else { throw .refused("the token is too long") }
        bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .refused("the token has \(parts.count) parts instead of three") }
        payloadRange = parts[1].indices
        header = try TokenClaims(parts[0], part: "header")
        try header.require("alg", "ES256")
        // What is critical must be understood, and nothing of that is (RFC 7515, section 4.1.11).
        guard header["crit"] == nil else { throw .refused("the token's header has critical extensions") }
        keyID = try header.text("kid")
        guard Self.isKeyID(keyID) else { throw .refused("kid in the token's header is no id of a key") }
        guard let signature = Base64URL.decode(parts[2]), signature.count == 64 else {
            throw .refused("the token's signature is not 64 bytes in Base64url")
        }
        self.signature = signature
    }

    /// What is signed: header and payload as they came, padding included.
    var signed: ArraySlice<UInt8> { bytes[..<payloadRange.upperBound] }

    /// The claims about the visitor. Read them once the signature is verified, not before.
    var payload: TokenClaims {
        get throws(IdentityError) { try TokenClaims(bytes[payloadRange], part: "payload") }
    }

    private static func isKeyID(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
    }
}
