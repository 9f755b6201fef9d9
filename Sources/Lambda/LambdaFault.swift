/// An error that says itself what Lambda is to tell the caller. Any other error is reported by its Swift type's name and
/// its description.
public protocol LambdaFault: Error {
    /// The class of failure, in letters: `OrderNotFound` is reported as `Function.OrderNotFound`.
    var faultType: String { get }
    /// What failed, on what, why; no secret, the caller reads it.
    var faultMessage: String { get }
}
