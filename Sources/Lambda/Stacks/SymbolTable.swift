import CStack
import Glibc

/// The symbols of this executable, read from its file where it was not stripped. Looking one up allocates nothing, so
/// that it can be done in a signal handler.
struct SymbolTable {
    /// A name in the table, not demangled.
    typealias Name = UnsafePointer<CChar>

    /// What is to be added to an address in the file to have one in memory.
    let bias: UInt
    /// The addresses in memory that belong to the executable.
    let image: Range<UInt>
    private var symbols: UnsafePointer<Elf64_Sym>?
    private var symbolCount = 0
    private var names: UnsafePointer<CChar>?
    private var namesSize = 0

    /// Maps the executable's file. What cannot be read leaves the table without names.
    init() {
        (bias, image) = Self.locateImage()
        let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_size > MemoryLayout<Elf64_Ehdr>.size,
            let map = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, file, 0), map != MAP_FAILED
        else { return }
        readSections(UnsafeRawBufferPointer(start: map, count: Int(status.st_size)))
    }

    /// The function that an address lies in, by the address in the file.
    func name(at offset: UInt) -> Name? {
        guard let symbols, let names else { return nil }
        for index in 0..<symbolCount {
            let symbol = symbols[index]
            guard symbol.st_info & 0xF == 2, UInt(symbol.st_value) <= offset,
                offset - UInt(symbol.st_value) < max(1, UInt(symbol.st_size)), Int(symbol.st_name) < namesSize
            else { continue }
            return names + Int(symbol.st_name)
        }
        return nil
    }

    /// Frames for addresses of calls.
    static func frames(_ addresses: [UInt]) -> [StackFrame] {
        addresses.map { address in
            guard shared.image.contains(address) else {
                return StackFrame(label: "code of a shared library", path: "memory", offset: address)
            }
            let offset = address - shared.bias
            let label = shared.name(at: offset).map(demangled) ?? "0x" + String(offset, radix: 16)
            return StackFrame(label: label, path: executableName, offset: offset)
        }
    }

    /// The executable's table, mapped when it is first asked for.
    static let shared = SymbolTable()

    /// The file name of the executable; in a function, `bootstrap`.
    static let executableName: String = {
        guard let path = realpath("/proc/self/exe", nil) else { return "bootstrap" }
        defer { free(path) }
        return String(cString: path).split(separator: "/").last.map(String.init) ?? "bootstrap"
    }()

    private static func demangled(_ name: Name) -> String {
        guard let text = swift_demangle(name, strlen(name), nil, nil, 0) else { return String(cString: name) }
        defer { free(text) }
        return String(cString: text)
    }

    /// Finds the executable in memory by its program headers, whose address the kernel passes on.
    private static func locateImage() -> (UInt, Range<UInt>) {
        let address = UInt(getauxval(UInt(AT_PHDR)))
        guard let headers = UnsafePointer<Elf64_Phdr>(bitPattern: address) else { return (0, 0..<0) }
        let segments = UnsafeBufferPointer(start: headers, count: Int(getauxval(UInt(AT_PHNUM))))
        let bias = segments.first { $0.p_type == PT_PHDR }.map { address &- UInt($0.p_vaddr) } ?? 0
        var end: UInt = 0
        var start = UInt.max
        for segment in segments where segment.p_type == PT_LOAD {
            start = min(start, bias &+ UInt(segment.p_vaddr))
            end = max(end, bias &+ UInt(segment.p_vaddr) &+ UInt(segment.p_memsz))
        }
        return (bias, start < end ? start..<end : 0..<0)
    }

    private mutating func readSections(_ file: UnsafeRawBufferPointer) {
        let header = file.loadUnaligned(as: Elf64_Ehdr.self)
        let size = MemoryLayout<Elf64_Shdr>.size
        guard let table = Self.part(of: file, at: header.e_shoff, size: UInt64(header.e_shnum) * UInt64(size)) else {
            return
        }
        for index in 0..<Int(header.e_shnum) {
            let section = table.loadUnaligned(fromByteOffset: index * size, as: Elf64_Shdr.self)
            guard section.sh_type == 2, section.sh_link < header.e_shnum else { continue }
            let linked = table.loadUnaligned(fromByteOffset: Int(section.sh_link) * size, as: Elf64_Shdr.self)
            guard let entries = Self.part(of: file, at: section.sh_offset, size: section.sh_size),
                let strings = Self.part(of: file, at: linked.sh_offset, size: linked.sh_size),
                // The last name ends within the table, or the table is not to be trusted.
                strings.last == 0, section.sh_offset % 8 == 0
            else { return }
            symbols = entries.baseAddress?.assumingMemoryBound(to: Elf64_Sym.self)
            symbolCount = entries.count / MemoryLayout<Elf64_Sym>.stride
            names = strings.baseAddress?.assumingMemoryBound(to: CChar.self)
            namesSize = strings.count
        }
    }

    private static func part(
        of file: UnsafeRawBufferPointer, at offset: UInt64, size: UInt64
    ) -> UnsafeRawBufferPointer? {
        let count = UInt64(file.count)
        guard offset <= count, size <= count - offset else { return nil }
        return UnsafeRawBufferPointer(rebasing: file[Int(offset)..<Int(offset + size)])
    }
}

extension SymbolTable: @unchecked Sendable {}
