/// The rules of physical resource ids.
///
/// CloudFormation remembers the id of each answer and deletes by it, so an answer always has one: the real one when
/// something exists, and a marker when nothing does or nobody knows.
public enum PhysicalID {
    /// The longest id CloudFormation takes, in bytes.
    public static let maximumBytes = 1_024

    private static let nothingMade = "CREATE_FAILED/"
    private static let maybeMade = "CREATE_INTERRUPTED/"

    /// The id of a Create that made nothing. Its Delete succeeds at once.
    static func createFailed(_ address: ReplyAddress) -> String { marker(nothingMade, address) }

    /// The id of a Create that may have made something. Its Delete looks for it first.
    static func createInterrupted(_ address: ReplyAddress) -> String { marker(maybeMade, address) }

    /// Whether the id says that nothing was made.
    public static func isCreateFailed(_ id: String) -> Bool { id.hasPrefix(nothingMade) }

    /// Whether the id says that something may have been made.
    public static func isCreateInterrupted(_ id: String) -> Bool { id.hasPrefix(maybeMade) }

    /// Whether CloudFormation made the id up, for a Create that never answered: stack, resource and random letters.
    public static func isMadeUp(_ id: String, stackName: String, logicalResourceID: String) -> Bool {
        let prefix = "\(stackName)-\(logicalResourceID)-"
        guard id.hasPrefix(prefix) else { return false }
        let tail = id.utf8.dropFirst(prefix.utf8.count)
        return (8...32).contains(tail.count)
            && tail.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }

    /// Why an id cannot be given to CloudFormation, or nil when it can.
    static func problem(of id: String) -> String? {
        if id.isEmpty { return "it is empty" }
        if id.utf8.count > maximumBytes { return "it has \(id.utf8.count) bytes, more than \(maximumBytes)" }
        if id.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "it has a control character in it"
        }
        if isCreateFailed(id) || isCreateInterrupted(id) { return "it is a marker's" }
        return nil
    }

    private static func marker(_ kind: String, _ address: ReplyAddress) -> String {
        let id = kind + address.logicalResourceID + "/" + address.requestID
        return EncodedText.head(of: id, within: maximumBytes)
    }
}
