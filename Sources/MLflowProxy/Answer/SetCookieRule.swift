internal import HTTP

/// Makes a cookie of the service one of the public site.
enum SetCookieRule {
    /// The cookie for this host alone, over TLS alone, out of scripts' reach and for every path; nil for a cookie that
    /// would overwrite one of the load balancer's, and for none at all.
    static func rewrite(_ value: String) -> String? {
        let pair = FieldValue.trimmed(value.prefix { $0 != ";" })
        guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
            return nil
        }
        let name = FieldValue.trimmed(pair[..<equals])
        guard !["awselb", "awsalb"].contains(where: { HTTPToken.lowercased(name).hasPrefix($0) }) else { return nil }
        let attributes = FieldValue.list(String(value.drop { $0 != ";" }), separator: ";")
        let kept = attributes.filter { attribute in
            let name = FieldValue.trimmed(attribute.prefix { $0 != "=" })
            return !["domain", "path", "secure", "httponly"].contains { HTTPHeaders.sameName($0, name) }
        }
        return ([pair] + kept + ["Path=/", "Secure", "HttpOnly"]).joined(separator: "; ")
    }
}
