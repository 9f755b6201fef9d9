import JSON
import Logging
import Timestamps

/// One log record, and the two forms it is written in.
struct LogRecord {
    var time: Timestamp
    var level: Logger.Level
    var message: String
    var requestID: String?
    var tenantID: String?
    var metadata: Logger.Metadata

    /// Names that a record has of its own; metadata of such a name gets a prefix.
    private static let reserved: Set<String> = ["timestamp", "level", "message", "requestId", "tenantId"]

    /// A JSON object on one line, members in a fixed order, metadata after the rest by name.
    func json() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(message.utf8.count + 160)
        output.append(contentsOf: #"{"timestamp":"#.utf8)
        JSONText.appendString(time.iso8601, to: &output)
        append("level", "\(level.lambdaName)", to: &output)
        append("message", message, to: &output)
        if let requestID { append("requestId", requestID, to: &output) }
        if let tenantID { append("tenantId", tenantID, to: &output) }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            output.append(UInt8(ascii: ","))
            JSONText.appendString(Self.reserved.contains(name) ? "metadata.\(name)" : name, to: &output)
            output.append(UInt8(ascii: ":"))
            value.json.write(to: &output)
        }
        output.append(UInt8(ascii: "}"))
        return output
    }

    /// `time`, request id, level and message, separated by tabs, then `name=value` for each metadata.
    ///
    /// - Parameter keepingLines: leaves line breaks as they are, where a record's end is marked otherwise. Elsewhere a
    ///   break would let one record pass for several, and whoever chooses a part of the text forge one.
    func text(keepingLines: Bool) -> [UInt8] {
        var text = "\(time.iso8601)\t"
        if let requestID { text += LogText.escaped(requestID, keepingLines: false) + "\t" }
        text += "\(level.lambdaName)\t"
        text += LogText.escaped(message, keepingLines: keepingLines)
        if let tenantID { text += " tenantId=" + LogText.escaped(tenantID, keepingLines: false) }
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(LogText.escaped(name, keepingLines: false))="
            text += LogText.escaped("\(value)", keepingLines: keepingLines)
        }
        return Array(text.utf8)
    }

    private func append(_ name: StaticString, _ value: String, to output: inout [UInt8]) {
        output.append(contentsOf: ",\"\(name)\":".utf8)
        JSONText.appendString(value, to: &output)
    }
}

/// Text that is safe to stand on one line.
enum LogText {
    /// The text with control characters and line separators as `\n`, `\t`, `\u{1b}` and the like.
    static func escaped(_ text: String, keepingLines: Bool) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !isControl(scalar) || (keepingLines && (scalar == "\n" || scalar == "\t")) {
                output.append(scalar)
            } else {
                output.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
            }
        }
        return String(output)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}

extension Logger.MetadataValue {
    /// The value as JSON; what is neither text, a number, a truth value nor a collection by its description.
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .stringConvertible(let value as Int): .integer(value)
        case .stringConvertible(let value as Int64): .integer(value)
        case .stringConvertible(let value as Double) where value.isFinite: .number(value.description)
        case .stringConvertible(let value as Bool): .bool(value)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(\.json))
        case .dictionary(let values):
            .object(
                JSONObject(
                    values.sorted { $0.key < $1.key }.map { JSONObject.Member(name: $0.key, value: $0.value.json) }))
        }
    }
}
