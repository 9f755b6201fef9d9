import Foundation
import Lambda
import LambdaCodable
import Logging
import Testing

// The README's example, to the letter.

struct Checkout: CodableHandler {
    struct Event: Decodable {
        var item: String
        var count: Int
    }

    func handle(_ order: Event, context: LambdaContext) async throws -> String {
        context.logger.info("order", metadata: ["item": "\(order.item)"])
        return "\(order.count) × \(order.item), order \(context.requestID)"
    }
}

@Suite struct ReadmeExampleTests {
    @Test func aFunctionIsTestedByCallingIt() async throws {
        let context = LambdaContext(requestID: "17")
        let answer = try await Checkout().handle(.init(item: "tea", count: 2), context: context)
        #expect(answer == "2 × tea, order 17")
    }

    @Test func theReadmeShowsThisVeryCode() throws {
        let file = URL(fileURLWithPath: #filePath)
        let source = try String(contentsOf: file, encoding: .utf8)
        let readme = try String(
            contentsOf: file.deletingLastPathComponent().appending(path: "../../README.md").standardized,
            encoding: .utf8)
        let example = source.components(separatedBy: "struct Checkout")[1].components(separatedBy: "\n}\n")[0]
        #expect(readme.contains("struct Checkout" + example + "\n}\n"))
        let test = source.components(separatedBy: "        let context = ")[1].components(separatedBy: "\n    }\n")[0]
        #expect(readme.contains("let context = " + test.replacingOccurrences(of: "\n        ", with: "\n")))
    }
}
