internal import Cryptography

/// A bounded number of keys, by id. When there are too many, the one goes whose last proof is the oldest, and one that
/// has never verified anything before all others: whoever names the keys of strangers' load balancers displaces no more
/// than one key that is in use.
struct KeyCache {
    private struct Entry {
        var key: P256PublicKey
        var added: Int
        var lastProof = 0
    }

    private let capacity: Int
    private var entries: [String: Entry] = [:]
    /// Counts what happens, to tell earlier from later.
    private var counter = 0

    init(capacity: Int = 16) {
        self.capacity = capacity
    }

    var count: Int { entries.count }

    subscript(id: String) -> P256PublicKey? { entries[id]?.key }

    mutating func insert(_ key: P256PublicKey, id: String) {
        counter += 1
        if entries.count >= capacity, entries[id] == nil,
            let last = entries.min(by: { ($0.value.lastProof, $0.value.added) < ($1.value.lastProof, $1.value.added) })
        {
            entries[last.key] = nil
        }
        entries[id] = Entry(key: key, added: counter)
    }

    /// Notes that the key has verified a signature now.
    mutating func noteProof(by id: String) {
        counter += 1
        entries[id]?.lastProof = counter
    }
}
