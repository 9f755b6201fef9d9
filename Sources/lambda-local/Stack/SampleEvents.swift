import JSON
import LambdaEmulator

/// The sample events of a function, and what each should be answered with.
struct SampleEvents {
    struct Event {
        var name: String
        var bytes: [UInt8]
        /// The status of `expected.json`, or nil when it names none.
        var expectedStatus: Int?
    }

    let events: [Event]

    /// Reads a directory. `expected.json` in it maps a file's name to a status.
    init(directory: String) throws(LocalError) {
        var expected: JSONObject = JSONObject()
        let table = "\(directory)/expected.json"
        if Files.isFile(table) {
            guard let object = (try? JSONValue(parsing: try Files.read(table)))?.object else {
                throw LocalError("\(table) is not a JSON object of file names and statuses.")
            }
            expected = object
        }
        var events: [Event] = []
        for name in Files.names(in: directory, ending: ".json") where name != "expected.json" {
            let bytes = try Files.read("\(directory)/\(name)")
            events.append(
                Event(name: name, bytes: bytes, expectedStatus: expected[name]?.integer.map { Int($0) }))
        }
        for member in expected where !events.contains(where: { $0.name == member.name }) {
            throw LocalError("\(table) names \(member.name), but there is no such event beside it.")
        }
        self.events = events
    }
}
