import HTTP
import NIOCore
import NIOHTTP1

/// Why an exchange ended without a response.
enum ExchangeFailure: Error {
    case timeout
    case tooLarge
    case closed
}

/// Collects one response after the other on a client's connection.
final class ResponseCollector: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    struct Outcome: Sendable {
        var response: HTTPResponse
        var keepAlive: Bool
    }

    /// Announces the next response.
    struct Expectation: Sendable {
        var promise: EventLoopPromise<Outcome>
        var maximumBodyBytes: Int
    }

    private var expectation: Expectation?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let event = event as? Expectation else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        expectation = event
        head = nil
        body = []
        guard context.channel.isActive else {
            fail(ExchangeFailure.closed)
            promise?.fail(ExchangeFailure.closed)
            return
        }
        promise?.succeed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let buffer):
            guard let expectation else { return }
            guard body.count + buffer.readableBytes <= expectation.maximumBodyBytes else {
                fail(ExchangeFailure.tooLarge)
                context.close(promise: nil)
                return
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head, let expectation else { return }
            self.expectation = nil
            let headers = HTTP.HTTPHeaders(head.headers.map { HTTP.HTTPHeaders.Field(name: $0, value: $1) })
            let response = HTTPResponse(status: Int(head.status.code), headers: headers, body: body)
            expectation.promise.succeed(Outcome(response: response, keepAlive: head.isKeepAlive))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ExchangeFailure.closed)
        context.fireChannelInactive()
    }

    private func fail(_ error: any Error) {
        expectation?.promise.fail(error)
        expectation = nil
    }
}
