internal import Cryptography
internal import HTTP

/// Where the load balancers' public keys are.
struct KeyServer: Sendable {
    let url: URLParts
    let transport: any HTTPTransport

    /// The time a key may take.
    static let timeout = Duration.seconds(2)

    /// Fetches a key.
    ///
    /// - Parameter id: The id, which has been checked to be fit for a URL.
    /// - Throws: ``IdentityError``, which is `refused` when the server says that there is no such key;
    ///   `CancellationError`.
    func key(_ id: String, timeout: Duration) async throws -> P256PublicKey {
        let request = HTTPRequest(.get, scheme: url.scheme, authority: url.authority, path: url.path + id)
        // A key has some 180 bytes; the rest is room for what servers say of errors.
        let options = TransferOptions(timeout: timeout, connectTimeout: timeout, maximumResponseBytes: 16 << 10)
        let response: HTTPResponse
        do {
            response = try await transport.send(request, options: options)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw IdentityError.undecided("the load balancer's public key could not be fetched: \(error)")
        }
        switch response.status {
        case 200:
            guard let key = P256PublicKey(pem: response.body) else {
                throw IdentityError.undecided(
                    "what \(request.urlWithoutQuery) answered is not a public key on the curve P-256")
            }
            return key
        case 404, 410: throw IdentityError.refused("there is no key \(id) at \(url.authority)")
        case let status:
            throw IdentityError.undecided(
                "the load balancer's public key could not be fetched: \(request.urlWithoutQuery) answered \(status)")
        }
    }
}
