import Compression
import Testing

@Suite struct GzipTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 1_000_000])
    func bytesSurvive(count: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...15, using: &generator) }
        for level in [Gzip.Level.fast, .balanced, .small] {
            let compressed = try Gzip.compress(bytes, level: level)
            #expect(compressed.starts(with: [0x1F, 0x8B, 8]))
            #expect(try Gzip.decompress(compressed, limit: count) == bytes)
        }
    }

    @Test func theSameBytesGiveTheSameText() throws {
        #expect(try Gzip.compress([1, 2, 3]) == Gzip.compress([1, 2, 3]))
    }

    @Test func incompressibleBytesStillFit() throws {
        let bytes = (0..<300_000).map { _ in UInt8.random(in: .min ... .max) }
        #expect(try Gzip.decompress(Gzip.compress(bytes), limit: bytes.count) == bytes)
    }

    @Test func aBombIsRefused() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: 10_000_000))
        #expect(throws: GzipError.tooLarge(limit: 100_000)) { try Gzip.decompress(bomb, limit: 100_000) }
    }

    @Test func damagedTextIsAnError() throws {
        let whole = try Gzip.compress(Array("hello".utf8))
        for damaged in [[], [1, 2, 3], Array(whole.dropLast()), Array(whole.dropFirst())] {
            #expect(throws: GzipError.malformed) { try Gzip.decompress(damaged, limit: 1_000) }
        }
    }
}
