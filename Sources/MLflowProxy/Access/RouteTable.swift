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
        var parameters: [(prefix: ArraySlice<UInt8>, suffix: ArraySlice<UInt8>, node: Int)] = []
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
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: " "))
            guard let path = parts.first, path.first == UInt8(ascii: "/") else { continue }
            let rules = parts.dropFirst().compactMap(Self.rule)
            var segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .map { ArraySlice($0) }
            for first in segments[0].split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
                segments[0] = first
                let node = makeNode(segments)
                for (method, rule) in rules {
                    nodes[node].rules[method] = rule
                    count += 1
                }
            }
        }
    }

    /// What the request does; nil when no route matches, or none with this method. `HEAD` and `OPTIONS` are `GET`.
    func access(_ method: HTTPMethod, _ segments: [ArraySlice<UInt8>]) -> Rule? {
        var reached = [0]
        var next: [Int] = []
        for segment in segments {
            next.removeAll(keepingCapacity: true)
            for node in reached { step(from: node, over: segment, into: &next) }
            if next.isEmpty { return nil }
            swap(&reached, &next)
        }
        let method = method == .head || method == .options ? HTTPMethod.get : method
        var found: Rule?
        for node in reached {
            guard let rule = nodes[node].rules[method] else { continue }
            if let known = found, known.weight >= rule.weight { continue }
            found = rule
        }
        return found
    }

    private func step(from node: Int, over segment: ArraySlice<UInt8>, into next: inout [Int]) {
        func reach(_ node: Int) {
            if !next.contains(node) { next.append(node) }
        }
        if let literal = nodes[node].literals[segment] { reach(literal) }
        guard !segment.isEmpty else { return }
        for parameter in nodes[node].parameters
        where segment.count > parameter.prefix.count + parameter.suffix.count
            && segment.starts(with: parameter.prefix) && segment.suffix(parameter.suffix.count) == parameter.suffix
        {
            reach(parameter.node)
        }
        if let rest = nodes[node].rest { reach(rest) }
        if nodes[node].isRest { reach(node) }
    }

    /// The node at the end of a path, made where it is missing.
    private mutating func makeNode(_ segments: [ArraySlice<UInt8>]) -> Int {
        var node = 0
        for segment in segments {
            let known: Int?
            let open = segment.firstIndex(of: UInt8(ascii: "{"))
            let close = segment.lastIndex(of: UInt8(ascii: "}"))
            if segment.elementsEqual("{path}".utf8) {
                known = nodes[node].rest
                nodes[node].rest = known ?? nodes.count
            } else if let open, let close {
                let prefix = segment[..<open]
                let suffix = segment[(close + 1)...]
                known = nodes[node].parameters.first { $0.prefix == prefix && $0.suffix == suffix }?.node
                if known == nil { nodes[node].parameters.append((prefix, suffix, nodes.count)) }
            } else {
                known = nodes[node].literals[segment]
                nodes[node].literals[segment] = known ?? nodes.count
            }
            if known == nil { nodes.append(Node(isRest: segment.elementsEqual("{path}".utf8))) }
            node = known ?? nodes.count - 1
        }
        return node
    }

    private static func rule(_ entry: Substring.UTF8View) -> (HTTPMethod, Rule)? {
        let pair = entry.split(separator: UInt8(ascii: ":")).map { String(decoding: $0, as: UTF8.self) }
        guard pair.count == 2 else { return nil }
        let method = HTTPMethod(rawValue: pair[0])
        switch pair[1] {
        case "read": return (method, .fixed(.read))
        case "write": return (method, .fixed(.write))
        case "delete": return (method, .fixed(.delete))
        case "graphql": return (method, .graphQL)
        default: return nil
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
