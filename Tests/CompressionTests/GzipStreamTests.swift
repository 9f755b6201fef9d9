import Compression
import Testing

@Suite struct GzipStreamTests {
    private static func compress(_ bytes: [UInt8], inPiecesOf size: Int, _ level: Gzip.Level) throws -> [UInt8] {
        let stream = try GzipStream(level: level)
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            output += try stream.compress(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        return output + (try stream.finish() ?? [])
    }

    @Test(arguments: [0, 1, 65_536, 1_000_000])
    func whatComesInPiecesIsOneText(count: Int) throws {
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...15) }
        for (size, level) in [(1_000, Gzip.Level.fast), (70_000, .balanced), (2_000_000, .small)] {
            let text = try Self.compress(bytes, inPiecesOf: size, level)
            #expect(try Gzip.decompress(text, limit: count) == bytes)
        }
    }

    @Test func randomBytesAndEmptyPiecesPass() throws {
        let bytes = (0..<300_000).map { _ in UInt8.random(in: .min ... .max) }
        let stream = try GzipStream()
        var text = try stream.compress([])
        text += try stream.compress(bytes)
        text += try stream.compress([])
        text += try stream.finish() ?? []
        #expect(try Gzip.decompress(text, limit: bytes.count) == bytes)
    }

    @Test func aLongTextComesOutBeforeItsEnd() throws {
        let stream = try GzipStream(level: .fast)
        let bytes = (0..<1_000_000).map { _ in UInt8.random(in: 0...127) }
        #expect(try stream.compress(bytes).count > 500_000)
    }

    @Test func nothingFollowsTheEnd() throws {
        let stream = try GzipStream()
        #expect(try stream.finish()?.isEmpty == false)
        #expect(try stream.finish() == nil)
        #expect(throws: GzipError.malformed) { try stream.compress([1]) }
    }
}
