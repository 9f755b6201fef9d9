import Configuration
import Glibc
import JSON
import Logging
import Synchronization
import Testing
import Timestamps

@testable import Lambda

private let noon = Timestamp(millisecondsSinceEpoch: 1_700_000_000_123)

private final class Output: Sendable {
    let calls = Mutex<[[UInt8]]>([])
    var bytes: [UInt8] { calls.withLock { Array($0.joined()) } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    func logger(_ settings: LogSettings) -> Logger {
        let sink = LogSink(descriptor: 9) { _, bytes in
            self.calls.withLock { $0.append(Array(bytes)) }
            return bytes.count
        }
        return Logger(label: "test") { _ in LambdaLogHandler(settings: settings, sink: sink, now: { noon }) }
    }
}

@Suite struct LogTests {
    private func inContext(_ body: () -> Void) {
        LambdaContext.$current.withValue(LambdaContext(requestID: "r-1", tenantID: "acme")) { body() }
    }

    @Test func aTextRecordIsOneLineWithItsRequest() {
        let output = Output()
        inContext { output.logger(LogSettings()).warning("slow", metadata: ["ms": "7", "a": ["x", "y"]]) }
        #expect(output.text == "2023-11-14T22:13:20.123Z\tr-1\tWARN\tslow tenantId=acme a=[\"x\", \"y\"] ms=7\n")
        #expect(output.calls.withLock { $0.count } == 1)
    }

    @Test func aJSONRecordHasLambdasMembers() throws {
        let output = Output()
        inContext {
            output.logger(LogSettings(format: .json)).critical("a\n\"b\"", metadata: ["level": "x", "n": ["k": "v"]])
        }
        let expected =
            #"{"timestamp":"2023-11-14T22:13:20.123Z","level":"FATAL","message":"a\n\"b\"","requestId":"r-1","#
            + #""tenantId":"acme","metadata.level":"x","n":{"k":"v"}}"# + "\n"
        #expect(output.text == expected)
    }

    @Test func numbersAndTruthValuesAreWrittenAsSuch() throws {
        let output = Output()
        let metadata: Logger.Metadata = [
            "a": .stringConvertible(7), "b": .stringConvertible(-1.5), "c": .stringConvertible(true),
            "d": .stringConvertible(Double.nan), "e": .stringConvertible(Int64.max), "f": "8",
        ]
        output.logger(LogSettings(format: .json)).info("x", metadata: metadata)
        #expect(output.text.contains(#""a":7,"b":-1.5,"c":true,"d":"nan","e":9223372036854775807,"f":"8"}"#))
    }

    @Test func aRecordWithMetricsIsJSONWhateverTheFormat() throws {
        let output = Output()
        let metrics: Logger.Metadata = [
            "_aws": ["Timestamp": .stringConvertible(1)], "Requests": .stringConvertible(1),
        ]
        inContext { output.logger(LogSettings(format: .text)).info("request", metadata: metrics) }
        #expect(output.bytes.last == 0x0A)
        let record = try JSONValue(parsing: Array(output.bytes.dropLast()))
        #expect(record["_aws"]?["Timestamp"] == 1)
        #expect(record["Requests"] == 1)
        #expect(record["requestId"] == "r-1")
    }

    @Test func outsideAnInvocationThereIsNoRequest() {
        let output = Output()
        output.logger(LogSettings()).info("start")
        #expect(output.text == "2023-11-14T22:13:20.123Z\tINFO\tstart\n")
    }

    @Test(arguments: [LogSettings.Format.text, .json])
    func noMessageForgesASecondRecord(format: LogSettings.Format) {
        let output = Output()
        output.logger(LogSettings(format: format)).info(
            "a\n2023\tERROR\r\nforged\u{2028}\u{85}\u{1B}[31m", metadata: ["k\n": "v\nforged"])
        #expect(output.bytes.filter { $0 == 0x0A }.count == 1)
        #expect(output.bytes.last == 0x0A)
        #expect(output.bytes.allSatisfy { $0 == 0x0A || $0 >= 0x20 || $0 == 0x09 })
    }

    @Test(arguments: [
        (Logger.Level.trace, LogSettings.Format.json, 0xA55A_0006 as UInt32), (.debug, .json, 0xA55A_000A),
        (.info, .json, 0xA55A_000E), (.warning, .json, 0xA55A_0012), (.error, .json, 0xA55A_0016),
        (.critical, .json, 0xA55A_001A), (.info, .text, 0xA55A_000F), (.critical, .text, 0xA55A_001B),
    ])
    func aTelemetryFrameTellsLevelLengthAndTime(level: Logger.Level, format: LogSettings.Format, type: UInt32) {
        let output = Output()
        output.logger(LogSettings(format: format, level: .trace, telemetryDescriptor: 9)).log(level: level, "a\nb")
        let bytes = output.bytes
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        #expect(number(0..<4) == UInt64(type))
        #expect(number(4..<8) == UInt64(bytes.count - 16))
        #expect(number(8..<16) == 1_700_000_000_123_000)
        #expect(String(decoding: bytes[16...], as: UTF8.self).hasSuffix(format == .text ? "a\nb" : #""a\nb"}"#))
        #expect(output.calls.withLock { $0.count } == 1)
    }

    @Test func shortAndInterruptedWritesLoseNothing() {
        let written = Mutex<[UInt8]>([])
        let turn = Mutex(0)
        let sink = LogSink(descriptor: 1) { _, bytes in
            if turn.withLock({
                $0 += 1; return $0 % 3 == 0
            }) {
                errno = EINTR
                return -1
            }
            let count = min(7, bytes.count)
            written.withLock { $0 += bytes.prefix(count) }
            return count
        }
        let record = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        sink.write(record)
        #expect(written.withLock { $0 } == record)
    }

    @Test func aLogThatCannotBeWrittenIsGivenUp() {
        let calls = Mutex(0)
        let sink = LogSink(descriptor: 1) { _, _ in
            calls.withLock { $0 += 1 }
            errno = EPIPE
            return -1
        }
        sink.write([1])
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func settingsFollowLambdasVariables() {
        func settings(_ values: [String: String]) -> LogSettings { LogSettings(environment: Environment(values)) }
        #expect(settings([:]) == LogSettings(format: .text, level: .info, telemetryDescriptor: nil))
        #expect(
            settings([
                "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "FATAL", "_LAMBDA_TELEMETRY_LOG_FD": "62",
            ]) == LogSettings(format: .json, level: .critical, telemetryDescriptor: 62))
        #expect(settings(["AWS_LAMBDA_LOG_LEVEL": "nonsense", "_LAMBDA_TELEMETRY_LOG_FD": "-3"]) == LogSettings())
        let levels = ["TRACE", "DEBUG", "WARN", "ERROR"].map { settings(["AWS_LAMBDA_LOG_LEVEL": $0]).level }
        #expect(levels == [.trace, .debug, .warning, .error])
    }

    @Test(arguments: [LogSettings.Format.text, .json])
    func recordsBelowTheLevelAreNotWritten(format: LogSettings.Format) {
        let output = Output()
        output.logger(LogSettings(format: format, level: .error)).warning("no")
        #expect(output.bytes.isEmpty)
    }
}
