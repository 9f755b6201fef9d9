import Glibc
public import HTTP
import Synchronization

/// An HTTP/1.1 server on a loopback port that answers with scripted bytes, so that a test can misbehave as servers do.
public final class LoopbackServer: Sendable {
    /// What is done with the connection after an answer.
    public enum Then: Sendable {
        case keepOpen
        case close
        /// Closes with a reset instead of an orderly end.
        case reset
    }

    /// Bytes to write, as they are.
    public struct Answer: Sendable {
        /// The bytes.
        public var bytes: [UInt8]
        /// More bytes, made while they are written: gives the piece of a number, counted from 0, nil at the end.
        public var pieces: (@Sendable (Int) -> [UInt8]?)?
        /// What follows them.
        public var then: Then

        /// Any bytes at all.
        public init(raw bytes: [UInt8], then: Then = .keepOpen) {
            self.bytes = bytes
            self.then = then
        }

        /// Any text at all.
        public init(raw text: String, then: Then = .keepOpen) {
            self.init(raw: Array(text.utf8), then: then)
        }

        /// A text, and then pieces until there are no more.
        public init(
            raw text: String, then: Then = .keepOpen, pieces: @escaping @Sendable (Int) -> [UInt8]?
        ) {
            self.init(raw: text, then: then)
            self.pieces = pieces
        }

        /// A well-formed response.
        public init(_ response: HTTPResponse, withoutBody: Bool = false) {
            var head = "HTTP/1.1 \(response.status) Status\r\nContent-Length: \(response.body.count)\r\n"
            for field in response.headers { head += "\(field.name): \(field.value)\r\n" }
            self.init(raw: Array((head + "\r\n").utf8) + (withoutBody ? [] : response.body))
        }
    }

    /// A request as it came.
    public struct Received: Sendable {
        /// The request line, byte for byte.
        public var line: String
        /// The header lines, byte for byte.
        public var headerLines: [String]
        /// The fields; those of the trailer follow those of the head.
        public var headers: HTTPHeaders
        /// The body, chunks joined.
        public var body: [UInt8]
        /// Which connection it came on, counted from 0.
        public var connection: Int
    }

    private let descriptor: Int32
    private let answer: @Sendable (Received) -> Answer?
    private let log = Mutex<[Received]>([])
    private let connections = Mutex(0)
    private let closedConnections = Mutex(0)
    private let written = Mutex(0)
    /// The port on 127.0.0.1.
    public let port: UInt16

    /// Listens and answers every request with the closure; nil never answers.
    public init(_ answer: @escaping @Sendable (Received) -> Answer?) throws {
        self.answer = answer
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw ServerError(errno) }
        port = UInt16(bigEndian: address.sin_port)
        spawn { [weak self, descriptor] in
            // Closed by this thread alone: once it is, its number may be another server's, whose clients would land here.
            defer { Glibc.close(descriptor) }
            while true {
                let connection = uninterrupted { Int(accept(descriptor, nil, nil)) }
                guard connection >= 0 else {
                    if errno == EINVAL { return } else { continue }
                }
                guard let self else {
                    Glibc.close(Int32(connection))
                    continue
                }
                let number = self.connections.withLock { count in
                    defer { count += 1 }
                    return count
                }
                spawn { self.serve(Int32(connection), number) }
            }
        }
    }

    deinit {
        stopListening()
    }

    /// Refuses connections from now on. Those that are open stay. Wakes the thread that accepts.
    public func stopListening() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Host and port.
    public var authority: String { "127.0.0.1:\(port)" }
    /// The requests so far.
    public var requests: [Received] { log.withLock { $0 } }
    /// How many connections were opened.
    public var connectionCount: Int { connections.withLock { $0 } }
    /// How many connections are closed again, by either side.
    public var closedConnectionCount: Int { closedConnections.withLock { $0 } }
    /// How many bytes of pieces the kernel has taken. What the client has not is in the kernel's buffers.
    public var pieceBytesWritten: Int { written.withLock { $0 } }

    private func serve(_ connection: Int32, _ number: Int) {
        var one: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var reader = RequestReader(connection)
        while let request = reader.next(number) {
            log.withLock { $0.append(request) }
            guard let answer = answer(request) else { continue }
            write(answer, to: connection)
            if case .keepOpen = answer.then { continue }
            if case .reset = answer.then {
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            }
            break
        }
        Glibc.close(connection)
        closedConnections.withLock { $0 += 1 }
    }

    private func write(_ answer: Answer, to connection: Int32) {
        guard write(answer.bytes, to: connection, counted: false), let pieces = answer.pieces else { return }
        // A small buffer, so that what was written is nearly what was taken.
        var size: Int32 = 64 << 10
        setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var number = 0
        while let piece = pieces(number) {
            guard write(piece, to: connection, counted: true) else { return }
            number += 1
        }
    }

    private func write(_ bytes: [UInt8], to connection: Int32, counted: Bool) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                return uninterrupted { send(connection, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
            }
            guard count > 0 else { return false }
            sent += count
            if counted { written.withLock { $0 += count } }
        }
        return true
    }
}

/// Why the server could not listen.
public struct ServerError: Error {
    /// The system's error number.
    public var number: Int32
    init(_ number: Int32) { self.number = number }
}

/// Reads requests off a connection, bodies by length or chunks.
private struct RequestReader {
    private let connection: Int32
    private var buffer: [UInt8] = []

    init(_ connection: Int32) {
        self.connection = connection
    }

    mutating func next(_ number: Int) -> LoopbackServer.Received? {
        guard let line = readLine() else { return nil }
        var received = LoopbackServer.Received(line: line, headerLines: [], headers: [:], body: [], connection: number)
        guard readFields(&received) else { return nil }
        if received.headers["transfer-encoding"] == "chunked" {
            while let size = readLine().flatMap({ Int($0, radix: 16) }) {
                if size == 0 { return readFields(&received) ? received : nil }
                guard let chunk = read(size + 2) else { return nil }
                received.body += chunk.dropLast(2)
            }
            return nil
        }
        guard let body = read(received.headers["content-length"].flatMap { Int($0) } ?? 0) else { return nil }
        received.body = body
        return received
    }

    private mutating func readFields(_ received: inout LoopbackServer.Received) -> Bool {
        while let line = readLine() {
            if line.isEmpty { return true }
            received.headerLines.append(line)
            guard let colon = line.firstIndex(of: ":") else { return false }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            received.headers.append(String(line[..<colon]), String(value))
        }
        return false
    }

    private mutating func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let line = buffer[..<end].last == 0x0D ? buffer[..<(end - 1)] : buffer[..<end]
                let text = String(decoding: line, as: UTF8.self)
                buffer.removeSubrange(...end)
                return text
            }
            guard fill() else { return nil }
        }
    }

    private mutating func read(_ count: Int) -> [UInt8]? {
        while buffer.count < count { guard fill() else { return nil } }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private mutating func fill() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes { bytes in
            uninterrupted { recv(connection, bytes.baseAddress, bytes.count, 0) }
        }
        guard count > 0 else { return false }
        buffer += bytes[..<count]
        return true
    }
}

/// Repeats a system call that a signal interrupted: other tests start and end processes beside this one.
private func uninterrupted(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Runs blocking work on a thread of its own.
private func spawn(_ work: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let work: @Sendable () -> Void
        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(work)).toOpaque()
    let started = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().work() }
            return nil
        }, box)
    if started == 0 { pthread_detach(thread) }
}
