import HTTP
import JSON
import LambdaEmulator

/// What is asked of the proxy once everything is up: the sample events, the demonstration data, the pages.
struct LocalSession: Sendable {
    let settings: LocalStack.Settings
    /// Takes the sample events.
    let sampled: LocalFunction
    /// A load balancer before the function without a bucket.
    let bareAuthority: String
    /// The endpoints of SageMaker MLflow, by what they serve.
    let doors: [(name: String, door: MLflowFrontDoor)]
    let transport: LoopbackTransport

    private var authority: String { "127.0.0.1:\(settings.port)" }

    /// Asks for all that a visitor would.
    func check(_ report: inout CheckReport) async throws {
        try await runEvents(&report)
        try await seed(&report)
        await checkPages(of: authority, "", &report)
        await checkPages(of: bareAuthority, "without a bucket: ", &report)
        for (name, door) in doors {
            let statistics = door.statistics
            report.expect(
                "signatures of requests to \(name)", statistics.verified > 0 && statistics.refused == 0,
                "\(statistics.verified) verified, \(statistics.refused) refused"
                    + (statistics.lastRefusal.map { "; the last: \($0)" } ?? ""))
        }
    }

    private func runEvents(_ report: inout CheckReport) async throws {
        let samples = try SampleEvents(directory: "\(settings.events)/mlflow-proxy")
        Console.print("\nSample events of mlflow-proxy")
        if samples.events.isEmpty { Console.print("  none in \(settings.events)/mlflow-proxy") }
        for event in samples.events {
            let start = ContinuousClock.now
            let result = await sampled.invoke(event.bytes)
            let time = start.duration(to: .now).milliseconds
            let (status, size, remark) = Self.summary(of: result)
            Console.print("  \(event.name)  \(status.map { "\($0)" } ?? "error")  \(time) ms  \(size) B  \(remark)")
            let passed = event.expectedStatus.map { $0 == status } ?? (status.map { $0 < 500 } ?? false)
            let wanted = event.expectedStatus.map { "\($0)" } ?? "below 500"
            report.expect(
                "event \(event.name)", passed,
                "status \(status.map { "\($0)" } ?? "none"), expected \(wanted) \(remark)")
        }
    }

    /// Status, size of the answer, and the error's text.
    private static func summary(of result: InvocationResult) -> (status: Int?, size: Int, remark: String) {
        switch result {
        case .success(let response):
            let status = (try? JSONValue(parsing: response.payload))?["statusCode"]?.integer
            return (status.map { Int($0) }, response.payload.count, "")
        case .failure(let failure):
            return (nil, failure.payload.count, String(decoding: failure.payload.prefix(300), as: UTF8.self))
        }
    }

    /// An experiment with one run, made as any MLflow client would, through the load balancer.
    private func seed(_ report: inout CheckReport) async throws {
        let api = DemonstrationData(authority: authority, transport: transport)
        do {
            let run = try await api.create()
            report.expect("demonstration run through the load balancer", true, "run \(run)")
        } catch let error as LocalError {
            report.expect("demonstration run through the load balancer", false, error.description)
        }
    }

    private func checkPages(of authority: String, _ prefix: String, _ report: inout CheckReport) async {
        let pages: [(path: String, type: String, marker: String)] = [
            ("/", "text/html", "MLflow"), ("/health", "", "OK"), ("/version", "", "."),
        ]
        for page in pages {
            guard let response = await get(page.path, of: authority, for: "document", &report) else { continue }
            let text = String(decoding: response.body, as: UTF8.self)
            let isGood =
                response.status == 200 && text.contains(page.marker)
                && (response.headers["content-type"] ?? "").hasPrefix(page.type)
            report.expect("\(prefix)GET \(page.path)", isGood, Self.summary(of: response))
            guard page.path == "/" else { continue }
            // The largest files of all are among these, and a load balancer takes no more than 1 MiB from a function.
            for asset in Self.assets(of: text) {
                let use = asset.hasSuffix(".js") ? "script" : "style"
                guard let response = await get("/\(asset)", of: authority, for: use, &report) else { continue }
                report.expect("\(prefix)GET /\(asset)", response.status == 200, Self.summary(of: response))
            }
        }
    }

    /// Asks as a browser does that puts the answer to a use, and goes where it is sent.
    private func get(
        _ path: String, of authority: String, for use: String, _ report: inout CheckReport
    ) async -> HTTPResponse? {
        let headers: HTTPHeaders = [
            "Accept-Encoding": "gzip", "Sec-Fetch-Dest": use,
            "Sec-Fetch-Mode": use == "document" ? "navigate" : "no-cors",
            "Sec-Fetch-Site": use == "document" ? "none" : "same-origin",
        ]
        do {
            let response = try await transport.send(
                HTTPRequest(.get, scheme: "http", authority: authority, path: path, headers: headers))
            guard response.status == 307, let target = response.headers["location"].flatMap({ URLParts($0) }) else {
                return response
            }
            return try await transport.send(
                HTTPRequest(
                    .get, scheme: target.scheme, authority: target.authority, path: target.path, query: target.query))
        } catch {
            report.expect("GET \(path)", false, "\(error)")
            return nil
        }
    }

    private static func summary(of response: HTTPResponse) -> String {
        "\(response.status), \(response.headers["content-type"] ?? "no type"), \(response.body.count) B"
    }

    /// The scripts and style sheets that a page of the user interface names, by relative URLs.
    private static func assets(of page: String) -> [String] {
        page.split(separator: "\"").map(String.init).filter {
            $0.contains("static-files/") && ($0.hasSuffix(".js") || $0.hasSuffix(".css"))
        }.map { $0.hasPrefix("./") ? String($0.dropFirst(2)) : $0 }
    }
}
