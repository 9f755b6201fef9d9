/// Makes the answer to a request that failed.
struct FailedRequest: Sendable {
    let request: CustomResourceRequest
    let redaction: Redaction

    /// The answer: the reason, what is done and left, and an id by which CloudFormation deletes what there may be.
    ///
    /// - Parameter isInterrupted: Whether the work was cut short, so that a Create may have made what it did not tell.
    func reply(_ reason: String, _ progress: Progress.Snapshot, isInterrupted: Bool) -> CustomResourceReply {
        var text = reason
        if let report = progress.report, !report.isEmpty, !reason.contains(report) {
            text += text.hasSuffix(".") ? " " : ". "
            text += "So far: \(report)"
        }
        return CustomResourceReply(
            failure: text, physicalID: id(progress, isInterrupted: isInterrupted), to: request.address,
            redaction: redaction)
    }

    private func id(_ progress: Progress.Snapshot, isInterrupted: Bool) -> String {
        let address = request.address
        let recorded = progress.physicalID.flatMap { PhysicalID.problem(of: $0) == nil ? $0 : nil }
        switch request.type {
        case .delete: return address.physicalResourceID ?? PhysicalID.createFailed(address)
        case .update: return recorded ?? address.physicalResourceID ?? PhysicalID.createFailed(address)
        case .create:
            if let recorded { return recorded }
            return isInterrupted || progress.mayExist
                ? PhysicalID.createInterrupted(address) : PhysicalID.createFailed(address)
        }
    }
}
