/// A page of a list, with the token of the next one.
struct Page<Item> {
    var items: [Item]
    var next: String?
}

/// Reads all pages of a list.
///
/// A page may be empty and still have a next one. A token that comes again would never lead to an end, so it is an error.
///
/// - Parameter page: Reads the page of a token; nil is the first one's.
func allPages<Item>(
    _ service: String, _ operation: String, _ page: (String?) async throws -> Page<Item>
) async throws -> [Item] {
    var items: [Item] = []
    var seen: Set<String> = []
    var token: String?
    while true {
        let page = try await page(token)
        items += page.items
        guard let next = page.next, !next.isEmpty else { return items }
        guard seen.insert(next).inserted else {
            throw UnexpectedAnswer(
                service: service, operation: operation, "its pages go round in a circle: a page's token came twice")
        }
        token = next
    }
}
