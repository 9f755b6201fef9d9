internal import HTTP

/// Finds a route by method and path.
///
/// The routes are a tree of segments that is walked along all matching branches at once, so that a lookup takes time in
/// proportion to the path's length, whatever the path. Where several routes match, the one that does the most decides:
/// which of them MLflow takes depends on its version.
struct RouteTable: Sendable {
    /// What is known of a route's method.
    enum Rule: Sendable, Hashable {
        case fixed(RequestAccess)
        /// The body decides.
        case graphQL
    }

    /// The routes of MLflow, read once, when the first request needs them.
    static let mlflow = RouteTable(MLflowRoutes.table)

    /// How many pairs of method and path the table holds.
    private(set) var count = 0
    private var nodes = [Node()]

    private struct Node {
        /// The next segment in full, and the node behind it.
        var literals: [ArraySlice<UInt8>: Int] = [:]
        /// Any next segment with this start and this end, and the node behind it.
        var parameters: [(prefix: [UInt8], suffix: [UInt8], node: Int)] = []
        /// The node behind any number of segments.
        var rest: Int?
        /// Whether the node stays reached while segments follow.
        var isRest = false
        /// The methods of the route that ends here.
        var rules: [HTTPMethod: Rule] = [:]
    }

    /// Reads a table in the form of ``MLflowRoutes``. A line or entry that is not understood adds nothing, so that its
    /// route is unknown, which allows the least.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard let path = parts.first, path.first == "/" else { continue }
            var segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            let alternatives = segments[0].split(separator: "|")
            for first in alternatives.isEmpty ? [""] : alternatives {
                segments[0] = first
                let node = makeNode(segments)
                for entry in parts.dropFirst() {
                    let pair = entry.split(separator: ":")
                    guard pair.count == 2, let rule = Self.rule(pair[1]) else { continue }
                    nodes[node].rules[HTTPMethod(rawValue: String(pair[0]))] = rule
                    count += 1
                }
            }
        }
    }

    /// What the request does; nil when no route matches, or none with this method. `HEAD` and `OPTIONS` are `GET`.
    func access(_ method: HTTPMethod, _ segments: [ArraySlice<UInt8>]) -> Rule? {
        var reached = [0]
        for segment in segments {
            var next: [Int] = []
            for node in reached { step(from: node, over: segment, into: &next) }
            if next.isEmpty { return nil }
            reached = next
        }
        let method = method == .head || method == .options ? HTTPMethod.get : method
        return reached.compactMap { nodes[$0].rules[method] }.max { $0.weight < $1.weight }
    }

    private func step(from index: Int, over segment: ArraySlice<UInt8>, into next: inout [Int]) {
        func reach(_ node: Int) {
            if !next.contains(node) { next.append(node) }
        }
        let node = nodes[index]
        if let literal = node.literals[segment] { reach(literal) }
        guard !segment.isEmpty else { return }
        for parameter in node.parameters
        where segment.count > parameter.prefix.count + parameter.suffix.count
            && segment.starts(with: parameter.prefix)
            && segment.suffix(parameter.suffix.count).elementsEqual(parameter.suffix)
        {
            reach(parameter.node)
        }
        if let rest = node.rest { reach(rest) }
        if node.isRest { reach(index) }
    }

    /// The node at the end of a path, made where it is missing.
    private mutating func makeNode(_ segments: [Substring]) -> Int {
        var node = 0
        for segment in segments {
            if segment == "{path}" {
                let next = nodes[node].rest ?? appendNode(isRest: true)
                nodes[node].rest = next
                node = next
            } else if let start = segment.firstIndex(of: "{"), let end = segment.lastIndex(of: "}") {
                let prefix = Array(segment[..<start].utf8)
                let suffix = Array(segment[segment.index(after: end)...].utf8)
                if let known = nodes[node].parameters.first(where: { $0.prefix == prefix && $0.suffix == suffix }) {
                    node = known.node
                } else {
                    let next = appendNode()
                    nodes[node].parameters.append((prefix, suffix, next))
                    node = next
                }
            } else {
                let name = ArraySlice(segment.utf8)
                let next = nodes[node].literals[name] ?? appendNode()
                nodes[node].literals[name] = next
                node = next
            }
        }
        return node
    }

    private mutating func appendNode(isRest: Bool = false) -> Int {
        nodes.append(Node(isRest: isRest))
        return nodes.count - 1
    }

    private static func rule(_ name: Substring) -> Rule? {
        switch name {
        case "read": .fixed(.read)
        case "write": .fixed(.write)
        case "delete": .fixed(.delete)
        case "graphql": .graphQL
        default: nil
        }
    }
}

extension RouteTable.Rule {
    /// Which of two rules decides.
    fileprivate var weight: Int {
        switch self {
        case .graphQL: 0
        case .fixed(let access): 1 + Int(access.rawValue)
        }
    }
}
