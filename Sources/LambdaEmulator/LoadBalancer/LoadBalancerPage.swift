import HTTP
import NIOHTTP1

/// The load balancer's own answers: a small HTML page, as an Application Load Balancer writes it.
enum LoadBalancerPage {
    static func response(_ status: Int) -> ServerResponse {
        let title = "\(status) \(reason(status))"
        let page = """
            <html>\r
            <head><title>\(title)</title></head>\r
            <body>\r
            <center><h1>\(title)</h1></center>\r
            </body>\r
            </html>\r\n
            """
        return ServerResponse(
            status: status, reason: reason(status), headers: ["Content-Type": "text/html"], body: Array(page.utf8))
    }

    static func reason(_ status: Int) -> String {
        status == 463 ? "" : HTTPResponseStatus(statusCode: status).reasonPhrase
    }
}
