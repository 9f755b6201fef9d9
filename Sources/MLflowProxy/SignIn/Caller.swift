/// Who makes a request, where the load balancer's word for it has been verified.
public struct Caller: Sendable, Hashable {
    /// The start of a hash of identity provider and subject: the same for the same person, and no name.
    public let pseudonym: String
    /// The person in the form of an STS source identity: 2 to 64 of letters, digits and `_=,.@+-`.
    public let sourceIdentity: String

    /// Makes a caller.
    ///
    /// - Parameters:
    ///   - pseudonym: Hexadecimal digits, which make the source identity unique.
    ///   - name: What the person is called, for whoever reads CloudTrail; it may be anything.
    init(pseudonym: String, name: String) {
        self.pseudonym = pseudonym
        sourceIdentity = Self.sourceIdentity(name: name, pseudonym: pseudonym)
    }

    /// `jane@example.com=1a2b3c4d5e6f7a8b`: a name that two people may have, cut to what STS takes, and behind the last
    /// equals sign what only one has. It is the pseudonym of the access log, so that CloudTrail and log can be joined.
    private static func sourceIdentity(name: String, pseudonym: String) -> String {
        let room = 64 - 1 - pseudonym.utf8.count
        let bytes = name.utf8.prefix(room).map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte
            case UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "@"),
                UInt8(ascii: "-"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return "\(String(decoding: bytes, as: UTF8.self))=\(pseudonym)"
    }
}
