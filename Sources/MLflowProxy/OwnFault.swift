internal import AWSCore
internal import HTTP
internal import Lambda
internal import Logging

/// What went wrong with a call to AWS, for the caller and for the log.
enum OwnFault {
    /// The fault to answer with. What the service said of accounts and roles goes to the log alone.
    ///
    /// - Throws: `CancellationError` when that is what happened.
    static func of(_ error: any Error, service: String, context: LambdaContext) throws -> ProxyError {
        switch error {
        case let error as CancellationError: throw error
        case let error as ProxyError: return error
        case let error as ServiceError:
            context.logger.error("\(error)")
            if error.isThrottling {
                return .unavailable("\(service) is asked too often at the moment. Try again.")
            }
            let advice =
                error.status == 403 || error.code.hasPrefix("AccessDenied")
                ? " The function's role lacks a permission: the README of mlflow-proxy lists them." : ""
            return .badGateway("\(service) refused the call with \(printable(error.code)).\(advice)")
        case let error as TransportError:
            context.logger.error("\(error)")
            return error.kind == .timeout
                ? .gatewayTimeout("\(service) did not answer in time. Try again.")
                : .badGateway("\(service) cannot be reached. Check the function's network.")
        case let error as CredentialError:
            context.logger.error("no AWS credentials to sign with: \(error)")
            return .unavailable("The proxy has no AWS credentials to sign with; its log has the reason.")
        default:
            context.logger.error("a call to \(service) failed: \(error)")
            return .badGateway("\(service) gave no answer that makes sense; the proxy's log has the reason.")
        }
    }

    private static func printable(_ text: String) -> String { AccessLog.printable(text, limit: 64) }
}
