/// The canonical query string of SigV4: the parameters as sent, sorted by name and then by value.
///
/// Nothing is decoded or encoded: the query on the wire must already be encoded strictly (unreserved characters as
/// they are, `%XX` for all else), as services sign that form. A parameter without `=` gets one.
enum CanonicalQuery {
    static func append(_ query: String?, to output: inout [UInt8]) {
        guard var query, !query.isEmpty else { return }
        query.withUTF8 { append($0, to: &output) }
    }

    private static func append(_ query: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        var parameters: [Parameter] = []
        var start = 0
        while start <= query.count {
            var end = start
            var equals: Int?
            while end < query.count, query[end] != UInt8(ascii: "&") {
                if equals == nil, query[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            parameters.append(
                Parameter(
                    name: UnsafeBufferPointer(rebasing: query[start..<(equals ?? end)]),
                    value: UnsafeBufferPointer(rebasing: query[(equals.map { $0 + 1 } ?? end)..<end])))
            start = end + 1
        }
        parameters.sort { $0.precedes($1) }
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "&")) }
            output.append(contentsOf: parameter.name)
            output.append(UInt8(ascii: "="))
            output.append(contentsOf: parameter.value)
        }
    }

    private struct Parameter {
        var name: UnsafeBufferPointer<UInt8>
        var value: UnsafeBufferPointer<UInt8>

        func precedes(_ other: Parameter) -> Bool {
            let order = Self.compare(name, other.name)
            return order < 0 || (order == 0 && Self.compare(value, other.value) < 0)
        }

        private static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
            for index in 0..<min(left.count, right.count) where left[index] != right[index] {
                return Int(left[index]) - Int(right[index])
            }
            return left.count - right.count
        }
    }
}
