internal import HTTP
internal import JSON

/// The answer's JSON up to the opening quote of its body.
enum ALBResponseHead {
    static func encode(_ response: ALBTargetResponse) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(1024)
        output.append(contentsOf: #"{"statusCode":\#(response.status),"statusDescription":"#.utf8)
        JSONText.appendString("\(response.status) \(ReasonPhrase.of(response.status))", to: &output)
        let fields = response.headers.fields.filter(\.isValid)
        switch response.headerMode {
        case .multiple: appendLists(fields, to: &output)
        case .single: appendStrings(fields, to: &output)
        }
        output.append(contentsOf: #","body":""#.utf8)
        return output
    }

    private static func appendLists(_ fields: [HTTPHeaders.Field], to output: inout [UInt8]) {
        output.append(contentsOf: #","multiValueHeaders":{"#.utf8)
        for (index, group) in grouped(fields).enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            JSONText.appendString(group.name, to: &output)
            output.append(contentsOf: ":[".utf8)
            for (index, value) in group.values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSONText.appendString(value, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        }
        output.append(UInt8(ascii: "}"))
    }

    /// One string a name. Lines of one name are joined with a comma (RFC 9110, section 5.3), but for `Set-Cookie`, the
    /// one header that cannot be: each further cookie goes under another spelling of the name (`Set-cookie`), which
    /// the load balancer takes for another header and every browser for the same.
    private static func appendStrings(_ fields: [HTTPHeaders.Field], to output: inout [UInt8]) {
        output.append(contentsOf: #","headers":{"#.utf8)
        var isFirst = true
        func append(_ name: String, _ value: String) {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONText.appendString(name, to: &output)
            output.append(UInt8(ascii: ":"))
            JSONText.appendString(value, to: &output)
        }
        for group in grouped(fields) {
            if HTTPHeaders.sameName(group.name, "set-cookie") {
                for (index, cookie) in group.values.prefix(maximumSpellings).enumerated() {
                    append(spelling(index, of: "set-cookie"), cookie)
                }
            } else {
                append(group.name, group.values.joined(separator: ", "))
            }
        }
        output.append(UInt8(ascii: "}"))
    }

    /// The fields by name, in the order of each name's first line.
    private static func grouped(_ fields: [HTTPHeaders.Field]) -> [(name: String, values: [String])] {
        var groups: [(name: String, values: [String])] = []
        for field in fields {
            if let index = groups.firstIndex(where: { HTTPHeaders.sameName($0.name, field.name) }) {
                groups[index].values.append(field.value)
            } else {
                groups.append((field.name, [field.value]))
            }
        }
        return groups
    }

    /// `set-cookie` has nine letters.
    private static let maximumSpellings = 512

    /// The name with the letters in capitals that the bits of the number choose.
    private static func spelling(_ number: Int, of name: String) -> String {
        var bits = number
        let bytes = name.utf8.map { byte -> UInt8 in
            guard byte >= 0x61, byte <= 0x7A else { return byte }
            defer { bits >>= 1 }
            return bits & 1 == 1 ? byte & ~0x20 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
