internal import Glibc

/// Reading of small files: tokens and profiles.
enum SmallFile {
    /// The largest file read, in bytes.
    static let maximumBytes = 1 << 20

    /// The file's text.
    ///
    /// - Returns: Nil when there is no such file.
    /// - Throws: ``CredentialError`` when it cannot be read, is not a regular file, is too large or is not UTF-8.
    static func text(_ path: String, for purpose: String) throws(CredentialError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw CredentialError("The file \(path) (\(purpose)) cannot be read: \(reason(errno)).")
        }
        defer { close(file) }
        var status = stat()
        // Anything but a regular file, a pipe for one, could keep the thread waiting.
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CredentialError("The file \(path) (\(purpose)) is not a regular file.")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw CredentialError("The file \(path) (\(purpose)) cannot be read: \(reason(errno)).")
            }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= maximumBytes else {
                throw CredentialError("The file \(path) (\(purpose)) is larger than \(maximumBytes) bytes.")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CredentialError("The file \(path) (\(purpose)) is not UTF-8.")
        }
        return text
    }

    private static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}

extension String {
    /// The text without white space at its ends.
    var trimmed: String {
        guard let start = utf8.firstIndex(where: { !Self.isSpace($0) }),
            let end = utf8.lastIndex(where: { !Self.isSpace($0) })
        else { return "" }
        return String(self[start...end])
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }
}
