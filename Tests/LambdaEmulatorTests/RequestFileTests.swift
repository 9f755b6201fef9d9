import HTTP
import LambdaEmulator
import Testing

@testable import lambda_local

@Suite struct RequestFileTests {
    @Test(arguments: ["\n", "\r\n"])
    func `Method, target, headers and body are taken as they are`(newline: String) throws {
        let text = ["POST /a%2Fb/?x=%20&y HTTP/1.1", "Host: h.example:8080", "X-A:  1 ", "x-a: 2", "", "line\nend\n"]
        let file = try RequestFile(parsing: Array(text.joined(separator: newline).utf8))
        #expect(file.request.method == .post)
        #expect(file.request.authority == "h.example:8080")
        #expect(file.request.path == "/a%2Fb/")
        #expect(file.request.query == "x=%20&y")
        #expect(file.request.headers.values("x-a") == ["1 ", "2"])
        guard case .bytes(let body) = file.request.body else { throw LocalError("a stream") }
        #expect(body == Array("line\nend\n".utf8))
    }

    @Test(arguments: [
        ("", "first line"), ("GET\nHost: h\n", "first line"), ("GET x\nHost: h\n", "first line"),
        ("GET /é\nHost: h\n", "first line"), ("GET /\n\n", "Host:"), ("GET /\nHost: a b\n", "Host:"),
        ("GET /\nHost: h\nnonsense\n", "no colon"), ("GET /\nHost: h\nA b: c\n", "cannot go on the wire"),
    ])
    func `What is wrong with a file is said`(text: String, part: String) {
        let error = #expect(throws: LocalError.self) { try RequestFile(parsing: Array(text.utf8)) }
        #expect(error?.description.contains(part) == true)
    }
}
