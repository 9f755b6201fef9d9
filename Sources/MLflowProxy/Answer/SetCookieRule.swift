internal import HTTP

/// Makes a cookie of the service one of the public site.
enum SetCookieRule {
    /// The cookie for this host alone, over TLS alone, out of scripts' reach and for every path; nil for a cookie that
    /// would overwrite one of the load balancer's, and for none at all.
    static func rewrite(_ value: String) -> String? {
        let pair = FieldValue.head(value, separator: ";")
        let name = FieldValue.head(pair, separator: "=")
        guard pair.utf8.contains(UInt8(ascii: "=")), !name.isEmpty,
            !["awselb", "awsalb"].contains(where: { HTTPToken.lowercased(name).hasPrefix($0) })
        else { return nil }
        let kept = FieldValue.list(value, separator: ";").dropFirst().filter { attribute in
            let name = FieldValue.head(attribute, separator: "=")
            return !["domain", "path", "secure", "httponly"].contains { HTTPHeaders.sameName($0, name) }
        }
        return ([pair] + kept + ["Path=/", "Secure", "HttpOnly"]).joined(separator: "; ")
    }
}
