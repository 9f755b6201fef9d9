internal import Cryptography
internal import Synchronization

/// The key of a day, a region and a service, derived from the secret access key.
struct SigningKey: Sendable {
    private let bytes: [UInt8]

    init(secretAccessKey: String, day: String, region: String, service: String) {
        let dayKey = HMAC.sha256(key: Array("AWS4\(secretAccessKey)".utf8), message: day)
        let regionKey = HMAC.sha256(key: dayKey, message: region)
        let serviceKey = HMAC.sha256(key: regionKey, message: service)
        bytes = HMAC.sha256(key: serviceKey, message: "aws4_request")
    }

    /// The signature of a text: 64 small hexadecimal digits.
    func signature(of text: StringToSign) -> String {
        Hex.encode(HMAC.sha256(key: bytes, message: text.text))
    }
}

/// Keeps the last key derived for one region and service: it serves every request of a day that is signed with the
/// same secret, and deriving it takes four of a signature's five HMACs.
final class SigningKeyCache: Sendable {
    private struct Entry {
        var secretAccessKey: String
        var day: String
        var key: SigningKey
    }

    private let last = Mutex<Entry?>(nil)

    func key(secretAccessKey: String, day: String, region: String, service: String) -> SigningKey {
        last.withLock { last in
            if let last, last.day == day, last.secretAccessKey == secretAccessKey { return last.key }
            let key = SigningKey(secretAccessKey: secretAccessKey, day: day, region: region, service: service)
            last = Entry(secretAccessKey: secretAccessKey, day: day, key: key)
            return key
        }
    }
}
