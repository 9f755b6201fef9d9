import Foundation
import JSON
import Testing

/// What a run of the helper left behind.
private struct Outcome {
    var signal: Int32?
    var output: String
    var errors: String

    /// Runs the helper, which lies beside the tests' own executable.
    init(_ mode: String) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // In a toolchain whose test runner is another program, the first argument names the tests.
        let places = [own] + CommandLine.arguments
        let candidates = places.map { URL(filePath: $0).deletingLastPathComponent() }
        let helper = try #require(
            candidates.map { $0.appending(path: "lambda-crash-helper") }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) })
        let process = Process()
        let output = Pipe()
        let errors = Pipe()
        process.executableURL = helper
        process.arguments = [mode]
        process.standardOutput = output
        process.standardError = errors
        // The Swift runtime's own backtracer would be in the way.
        process.environment = ["SWIFT_BACKTRACE": "enable=no"]
        try process.run()
        self.output = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        self.errors = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        signal = process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
    }
}

@Suite struct CrashTests {
    @Test func aTrapLeavesTheNamesOfItsCallersAndDiesOfItsSignal() throws {
        let outcome = try Outcome("trap")
        #expect(outcome.signal == SIGILL || outcome.signal == SIGTRAP)
        #expect(outcome.errors.contains("The function crashed with SIG"))
        #expect(outcome.errors.contains("trap("))
    }

    @Test func anExhaustedStackIsReportedFromTheReserve() throws {
        let outcome = try Outcome("overflow")
        #expect(outcome.signal == SIGSEGV)
        #expect(outcome.errors.contains("The function crashed with SIGSEGV"))
        #expect(outcome.errors.contains("recurse("))
    }

    @Test(arguments: [("abort", SIGABRT), ("read", SIGSEGV)])
    func theProcessDiesOfWhatItWouldHave(mode: String, signal: Int32) throws {
        let outcome = try Outcome(mode)
        #expect(outcome.signal == signal)
        #expect(outcome.errors.contains("; addresses in the executable: 0x"))
    }

    @Test func anErrorIsReportedWithThePlaceItWasThrown() throws {
        let body = try JSONValue(parsing: try Outcome("throw").output)
        #expect(body["errorType"] == "Function.InnerError")
        let stack = (body["stackTrace"]?.array ?? []).compactMap { $0.string }
        try #require(stack.count >= 2)
        #expect(stack[0].contains("innermost("))
        #expect(stack[1].contains("middle("))
    }

    @Test func anErrorOfATypedThrowHasItsPlaceToo() throws {
        let body = try JSONValue(parsing: try Outcome("throw-typed").output)
        #expect(body["errorType"] == "Function.TypedError")
        #expect(body["stackTrace"]?.array?.first?.string?.contains("typed(") == true)
    }
}
