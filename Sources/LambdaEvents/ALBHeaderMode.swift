/// How a target group writes headers and query parameters: the attribute `lambda.multi_value_headers.enabled`.
///
/// An answer must be in the mode of its request; the load balancer ignores the headers of the other one.
public enum ALBHeaderMode: Sendable, Hashable {
    /// One value a name. Of repeated headers and query parameters the load balancer delivers the last one alone.
    case single
    /// A list of values a name.
    case multiple
}
