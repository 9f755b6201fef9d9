import HTTP

/// Pieces that hostile events are made of. Whatever is secret in them holds ``canary``, so that one search finds every
/// place that it leaked to.
enum HostileValues {
    static let canary = "canary-"

    static let ordinaryPaths = [
        "/", "/api/2.0/mlflow/runs/search", "/api/2.0/mlflow/experiments/get-by-name",
        "/static-files/static/js/main.js",
        "/ajax-api/2.0/mlflow/experiments/search", "/get-artifact", "/graphql", "/version", "/health",
        "/api/2.0/mlflow-artifacts/artifacts/0/caf%C3%A9/a%2Fb%20c+d", "/api/2.0/mlflow/runs/create",
        "/api/2.0/mlflow/runs/delete", "/api/2.0/mlflow/registered-models/delete", "/api/2.0/mlflow/runs/log-batch",
        "/ajax-api/3.0/mlflow/traces/search", "/a//b", "/models:/name/1", "/api/2.0/mlflow/unheard-of",
    ]

    /// Whole paths.
    static let paths = [
        "", "a", "*", "//", "//evil.example", "//evil.example/..", "///a", "/\\evil.example", "\\\\evil.example",
        "http://evil.example/", "https://evil.example:443/a", "HTTP://169.254.169.254/latest/meta-data/",
        "@evil.example",
        "/@evil.example", ":80/", "?token=canary-query", "/a?token=canary-query", "/a#canary-query", "/%2fevil.example",
        "/%252fevil.example", "/%5cevil.example", "/.%2e/%2e./", "/%c0%ae%c0%ae/", "/%e0%80%af", "/%ff", "/a%00b",
        "/a%0d%0aHost:%20evil.example", "/%2525252525252e", "/\u{2025}/", "/a\u{202E}b", "/a b",
        "/a\r\nHost: evil.example",
        "/a\u{0}b", "/_proxy", "/_proxy/", "/_proxy/health", "/_proxy/health/../x", "/%5fproxy/health",
        "/_PROXY/health", "/_proxy/open", "/_proxy/portal", "/_proxy/uploads", "/_proxy/uploads/parts",
        "/_proxy/uploads/complete", "/_proxy/uploads/abort", "/_proxy/open/", "/_proxy/%6fpen",
        "/_proxy/parts/0-2/static-files/main.js", "/_proxy/parts/1-2/../../etc", "/_proxy/parts/0-2//evil.example",
        "/_proxy/parts/-1-2/a", "/_proxy/parts/0-99999999999999999999/a", "/_proxy/parts/9-3/a", "/_proxy/parts/0-2",
        "/_proxy/parts/0-2/graphql", "/_proxy/parts/0-2/_proxy/open",
        "/_proxy/%CC%81health", "/%255fproxy/open", "/_proxy/parts/0-2/api/2.0/mlflow/runs/delete",
        "/_proxy//evil.example",
        "/GraphQL",
        "/%67raphql", "/graphql/", "/graphql;x=1", "/graph%71l", "/ajax-api/2.0/mlflow/runs/%64elete",
    ]

    /// What goes in somewhere in a path.
    static let pathPieces = [
        "/", "//", "/../", "/./", "/..", "..", "%2e%2e/", "/%2e%2e", "/.%2e/", "%2F", "%2f..%2f", "%252e%252e%252f",
        "..;/",
        "/..;x=1/", "%", "%2", "%zz", "%25", "%2500", " ", "\t", "\r\n", "\n", "\u{0}", "\u{7F}", "\\", "%5c", "%5C..",
        "?",
        "?a=canary-query", "#", ";", ":", "@", "@evil.example", "\u{FC}", "\u{65E5}", "\u{1F600}", "\u{202E}", "<",
        "\"",
        "{", "|", "^", "`", "+", "%2B", "*", "'", "(", "!", "%c0%af", "%ff", "%ed%a0%80", "_proxy", "/_proxy/health",
    ]

    static let methods = [
        "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "Post", "", " GET", "GET ",
        "GET /x HTTP/1.1\r\nHost: evil.example", "G\u{0}T", "G\u{C9}T", "GET\n", "DELETE\r\n", "MERGE", "PRI",
        String(repeating: "A", count: 3_000),
    ]

    static let queryNames = [
        "a", "", "deep", "run_id", "path", "%", "%ff", "%00", "a b", "a+b", "a%2Bb", "\u{FC}", "a&b", "a=b", "a%26b",
        "a%3Db",
        "a[]",
        "X-Amz-Signature", "x-amz-security-token", "%58-amz-Date", "query", "operationName", "\r\n", "..", "a#b",
        "\u{1F600}",
    ]

    static let queryValues = [
        "", "1", "canary-query", "canary-query%20x", "canary-query+y", "%", "%2", "%zz", "%00",
        "%0d%0aHost:evil.example",
        "+", "%2B",
        "&", "=", "a=b", "\u{FC}", "%C3%BC", "%ff%fe", "*'()!~", "\r\nX: y", "\u{0}", "{\"a\":[1]}", "a/../b",
        "http://evil.example/",
        "mutation{deleteRun{id}}", "query{run{id}}", "\u{2028}",
    ]

    /// Fields that one connection, the load balancer or the proxy alone may set.
    static let foreignNames = [
        "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
        "proxy-authorization", "proxy-authenticate", "expect", "content-length", "x-amz-date", "x-amz-security-token",
        "x-amz-content-sha256", "x-amz-target", "x-amzn-oidc-identity", "x-amzn-oidc-accesstoken",
        "x-amzn-mtls-clientcert",
        "x-amzn-mtls-clientcert-subject", "x-amzn-tls-version", "x-amzn-tls-cipher-suite", "x-sm-mlflow-app-arn",
        "x-mlflow-sm-tracking-server-arn", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-prefix", "x-forwarded-user", "forwarded", "x-real-ip", "x-client-ip", "x-original-host", "x-host",
        "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override", "referer",
        "transfer_encoding", "proxy_authorization", "keep_alive", "x_forwarded_for", "x_amz_date",
        "x_sm_mlflow_app_arn",
        "x_mlflow_sm_tracking_server_arn", "x_amzn_oidc_identity", "x-forwarded_host", "content_length",
        "proxy_connection",
    ]

    static let foreignValues = [
        "canary-identity", "canary-identity, chunked", "chunked, canary-identity",
        "https://canary-identity.evil.example/",
        "arn:aws:sagemaker:us-east-1:999999999999:mlflow-app/canary-identity", "h2c, canary-identity",
        "0;canary-identity",
    ]

    /// Fields of the client's own, whose values may go on.
    static let ordinaryNames = [
        "accept", "accept-language", "range", "if-none-match", "x-amzn-trace-id", "traceparent",
        "x-mlflow-client-version",
        "content-encoding", "x-custom", "x-requested-with", "sec-fetch-dest", "accept-encoding", "via", "user-agent",
        "date",
    ]

    static let ordinaryValues = [
        "", "*/*", "gzip, deflate, br", "gzip;q=0", "*;q=0.x", "bytes=0-1", "bytes=-", "\"tag\"", "W/\"a\", *",
        "script", "worker",
        "1.1 a, 1.1 b", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", "\u{FC}", "\u{1F600}", "\u{80}", "a\tb",
        "evil.example",
        String(repeating: "x", count: 9_000),
    ]

    static let brokenNames = ["", "x a", "x:a", "x-a\r\nhost", "\u{E9}", "x-a\u{0}", "(x)", "x-a ", "\tx", "host:"]
    static let brokenValues = [
        "b\r\nx-amz-date: 1", "b\nc", "b\rc", "\u{0}", "folded\r\n line", "folded\n\tline", "\u{1}", "\u{7F}",
        "a\u{1B}[31mb",
    ]

    static let hosts = [
        "evil.example", "mlflow.example.com", "mlflow.example.com:443", "mlflow.example.com.", "", "a b",
        "evil.example/x", "[::1]",
        "a@evil.example", "mlflow.example.com, evil.example", "169.254.169.254", "localhost:99999",
        "MLFLOW.EXAMPLE.COM", "\u{FC}",
    ]

    static let origins = [
        "https://mlflow.example.com", "https://portal.example.com", "https://evil.example", "null", "",
        "http://mlflow.example.com",
        "https://mlflow.example.com.evil.example", "https://portal.example.com:443", "https://portal.example.com:8443",
        "*",
        "https://mlflow.example.com/", "https://evil.example#https://portal.example.com", "file://",
        "https://PORTAL.example.com",
    ]

    static let bearers = [
        "Bearer", "Bearer ", "bearer canary-bearer", "Basic canary-bearer", "Bearer canary-bearer x",
        "AWS4-HMAC-SHA256 canary-bearer",
        "", "Bearer  canary-bearer",
    ]

    static let cookies = [
        "AWSELBAuthSessionCookie-0=canary-cookie", "AWSALB=canary-cookie; AWSALBCORS=canary-cookie",
        "session=canary-cookie",
        "mlflow-a=1; session=canary-cookie; MLFLOW_b=2", ";;;session=canary-cookie;=", "=canary-cookie",
        "xmlflow=canary-cookie",
        "session=\"canary-cookie; mlflow=quoted\"", " mlflow=1 ; canary-cookie",
        "mlflow=\u{600}; session=canary-cookie", "mlflow=1;\u{301}; session=canary-cookie",
    ]

    static let bodies = [
        "", "{}", #"{"token":"canary-body"}"#, #"{"query":"{runs{id}}","x":"canary-body"}"#,
        "canary-body\u{0}\r\n\r\nGET / HTTP/1.1",
        #"{"query":"mutation{createRun{id}}","x":"canary-body"}"#, #"{"query":"mutation{a}","query":"{b}"}"#,
        #"{"query":"{a}","operationName":"canary-body"}"#, "0\r\n\r\nPOST /evil HTTP/1.1\r\nx: canary-body", "[[[[[[[[",
        "\u{FEFF}{}",
        #"{"query":"subscription{a}"}"#, #"{"query":"\u006dutation{a}"}"#,
    ]
}
