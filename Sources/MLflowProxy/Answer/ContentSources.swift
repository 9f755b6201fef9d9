internal import HTTP

/// Lets a page take from the bucket what the service's own policies let it take from the service's site, since that is where
/// large files of the site come from (CSP 3, section 6.1: a redirect's target is checked as well).
enum ContentSources {
    /// The policies with the bucket's origin beside each `'self'` of a directive about what is loaded.
    static func adding(_ origin: WebOrigin, to policies: [String]) -> [String] {
        policies.map { text in
            FieldValue.list(text).map { policy in
                FieldValue.list(policy, separator: ";").map { adding(origin, to: $0) }.joined(separator: "; ")
            }.joined(separator: ", ")
        }
    }

    private static func adding(_ origin: WebOrigin, to directive: String) -> String {
        let words = FieldValue.words(directive)
        guard let name = words.first, names.contains(HTTPToken.lowercased(name)),
            words.dropFirst().contains(where: { HTTPHeaders.sameName($0, "'self'") })
        else { return directive }
        return "\(directive) \(origin)"
    }

    /// A worker may not come from there, and a frame has no need to.
    private static let names: Set<String> = [
        "connect-src", "default-src", "font-src", "img-src", "media-src", "script-src", "script-src-elem", "style-src",
        "style-src-elem",
    ]
}
