/// What was expected and what came of it.
struct CheckReport {
    private var lines: [(name: String, passed: Bool, detail: String)] = []

    var passed: Bool { lines.allSatisfy(\.passed) }

    mutating func expect(_ name: String, _ passed: Bool, _ detail: String) {
        lines.append((name, passed, detail))
    }

    func print(logs: String) {
        let failures = lines.filter { !$0.passed }
        Console.print("\nChecks: \(lines.count - failures.count) of \(lines.count) passed")
        for line in lines where !line.passed || !line.name.hasPrefix("event ") {
            Console.print("  \(line.passed ? "ok    " : "FAILED") \(line.name): \(line.detail)")
        }
        if !failures.isEmpty { Console.print("  The functions' log: \(logs)") }
    }
}
