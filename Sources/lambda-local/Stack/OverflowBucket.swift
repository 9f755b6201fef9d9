import HTTP
import LambdaEmulator

/// The bucket for answers that are too large for the load balancer, in the AWS stand-in.
struct OverflowBucket {
    static let name = "local-overflow"

    /// Where the stand-in is.
    let authority: String
    let transport: LoopbackTransport

    /// Makes the bucket, with the rule that lets pages of the load balancer's origins read what is in it.
    func create(origins: [String]) async throws {
        try await put(query: nil, "")
        let allowed = origins.map { "<AllowedOrigin>\($0)</AllowedOrigin>" }.joined()
        try await put(
            query: "cors",
            """
            <CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>\(allowed)\
            <AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedHeader>*</AllowedHeader>\
            <ExposeHeader>ETag</ExposeHeader><ExposeHeader>Content-Disposition</ExposeHeader>\
            <MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule></CORSConfiguration>
            """)
    }

    private func put(query: String?, _ body: String) async throws {
        let request = HTTPRequest(
            .put, scheme: "http", authority: authority, path: "/\(Self.name)", query: query,
            headers: body.isEmpty ? [:] : ["Content-Type": "application/xml"], body: .bytes(Array(body.utf8)))
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch let error as TransportError {
            throw LocalError(error.description)
        }
        guard response.status == 200 else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            throw LocalError("The AWS stand-in answered \(response.status) to PUT \(request.path): \(text)")
        }
    }
}
