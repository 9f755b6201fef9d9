public import Lambda

public import struct FoundationEssentials.Data
public import class FoundationEssentials.JSONDecoder
public import class FoundationEssentials.JSONEncoder

/// A function on values: the event is decoded, the answer encoded.
///
/// ```swift
/// struct Greeter: CodableHandler {
///     struct Event: Decodable { var name: String }
///     func handle(_ event: Event, context: LambdaContext) async throws -> String { "Hello, \(event.name)." }
/// }
/// ```
///
/// `Greeter().lambdaHandler` is what the runtime takes.
public protocol CodableHandler: Sendable {
    /// What the function is given.
    associatedtype Event: Decodable
    /// What the function gives back.
    associatedtype Output: Encodable

    /// Handles one invocation.
    ///
    /// - Throws: Any error; Lambda is told its type and its description, so neither may hold a secret.
    func handle(_ event: Event, context: LambdaContext) async throws -> Output

    /// Makes the decoder of an event; plain unless the function says otherwise.
    func makeDecoder() -> JSONDecoder
    /// Makes the encoder of an answer; plain unless the function says otherwise.
    func makeEncoder() -> JSONEncoder
}

extension CodableHandler {
    /// A decoder as it comes.
    public func makeDecoder() -> JSONDecoder { JSONDecoder() }
    /// An encoder as it comes, without `\/` for a slash.
    public func makeEncoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return encoder
    }

    /// The function on bytes.
    public var lambdaHandler: CodableLambdaHandler<Self> { CodableLambdaHandler(self) }
}

/// A ``CodableHandler`` as the runtime calls it.
public struct CodableLambdaHandler<Handler: CodableHandler>: LambdaHandler {
    private let handler: Handler

    /// Wraps a handler.
    public init(_ handler: Handler) {
        self.handler = handler
    }

    /// Decodes, handles, encodes.
    ///
    /// - Throws: ``EventError`` when the event is not what the function takes, ``OutputError`` when the answer cannot be
    ///   written as JSON, and what the handler throws.
    public func handle(_ event: [UInt8], context: LambdaContext) async throws -> [UInt8] {
        let decoded: Handler.Event
        do {
            decoded = try handler.makeDecoder().decode(Handler.Event.self, from: Data(event))
        } catch let error as DecodingError {
            throw EventError(error)
        }
        let output = try await handler.handle(decoded, context: context)
        do {
            return Array(try handler.makeEncoder().encode(output))
        } catch let error as EncodingError {
            throw OutputError(error)
        }
    }
}
