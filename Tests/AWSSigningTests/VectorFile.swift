import Foundation
import JSON
import Testing

/// The lines of a file in `Vectors`, each a JSON value.
func vectors(_ name: String) throws -> [JSONValue] {
    let url = try #require(Bundle.module.url(forResource: "Vectors/\(name)", withExtension: "jsonl"))
    return try [UInt8](Data(contentsOf: url)).split(separator: UInt8(ascii: "\n")).map {
        try JSONValue(parsing: Array($0))
    }
}
