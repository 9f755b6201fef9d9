internal import AWSCore
internal import AWSServices
internal import HTTP

/// What an error of AWS means for a deletion.
enum Refusal: Sendable, Hashable {
    /// What was to be deleted is not there: that is what was wanted.
    case gone
    /// Something is still in the way, which may go by itself.
    case busy
    /// The call did not get through, for now.
    case later
    /// Trying again is in vain.
    case final

    /// What an error means.
    init(_ error: any Error) {
        switch error {
        case let error as ServiceError where error.isNotFound: self = .gone
        case let error as ServiceError where error.isConflict: self = .busy
        case let error as ServiceError: self = error.isThrottling || error.isTransient ? .later : .final
        default: self = error is TransportError ? .later : .final
        }
    }
}
