import Foundation
import LambdaEmulator

/// Reads what the command line names, and says what is wrong with it.
enum Files {
    static func read(_ path: String) throws(LocalError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LocalError("\(path) cannot be read: there is no such file, or it is not readable.")
        }
        return [UInt8](data)
    }

    /// The absolute path of an executable file.
    static func executable(_ path: String, hint: String) throws(LocalError) -> String {
        let absolute = absolute(path)
        guard isFile(absolute) else { throw LocalError("\(path) is missing. \(hint)") }
        guard FileManager.default.isExecutableFile(atPath: absolute) else {
            throw LocalError("\(path) is not executable. Run: chmod +x \(path)")
        }
        return absolute
    }

    static func isFile(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }

    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// The names in a directory with an ending, sorted.
    static func names(in directory: String, ending: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(ending) }.sorted()
    }

    static func makeDirectory(_ path: String) throws(LocalError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw LocalError("The directory \(path) cannot be made: \(error.localizedDescription)")
        }
    }
}
