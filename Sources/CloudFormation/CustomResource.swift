/// Something CloudFormation makes, changes and removes through this function.
///
/// Any method may be called again for the same request, because Lambda delivers at least once, and for a continued one
/// (``CustomResourceContext/state`` is then what was checkpointed): look for what an earlier run made before making it.
/// Work that is out of time is cancelled; it should end soon then, and whatever it throws is disregarded.
public protocol CustomResource: Sendable {
    /// The properties in effect: with defaults filled in, so that equal values mean that nothing is to be done.
    associatedtype Properties: Sendable, Equatable

    /// Reads the properties. Problems are kept by the reader, and reported all at once after this returns; the result
    /// counts for nothing then. Throw only what the reader cannot express.
    func properties(from reader: inout PropertyReader) throws -> Properties

    /// Makes the resource. Tell the context the id as soon as something exists.
    func create(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome

    /// Brings the resource to new properties, or makes another one and gives its id. What a rollback would need is
    /// never removed here: a Delete of the old id follows.
    ///
    /// - Parameter old: The properties before; nil when they cannot be read any more.
    func update(
        _ properties: Properties, from old: Properties?, context: CustomResourceContext
    ) async throws -> ResourceOutcome

    /// Removes the resource with the context's physical id. That it is gone already is a success.
    ///
    /// - Parameter properties: The properties; nil when they cannot be read, which must not keep a stack from going.
    func delete(_ properties: Properties?, context: CustomResourceContext) async throws

    /// Looks for what an interrupted Create left, by a tag or a name that this stack and logical id give it.
    ///
    /// - Returns: The real id, which is then deleted, or nil when there is nothing.
    func find(_ properties: Properties?, context: CustomResourceContext) async throws -> String?

    /// Whether an Update has nothing to do. By default when the properties in effect are equal.
    func isUnchanged(from old: Properties, to new: Properties) -> Bool

    /// The outcome of an Update that has nothing to do: the id and the attributes, nothing made or changed. By default
    /// the id without attributes; a resource with attributes must look them up.
    func unchanged(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome

    /// Whether the id is one this resource gave. By default any but those CloudFormation makes up.
    func isOwn(_ physicalID: String, context: CustomResourceContext) -> Bool
}

extension CustomResource {
    /// Whether the properties in effect are equal.
    public func isUnchanged(from old: Properties, to new: Properties) -> Bool { old == new }

    /// The id it has, without attributes.
    public func unchanged(_ properties: Properties, context: CustomResourceContext) async throws -> ResourceOutcome {
        ResourceOutcome(physicalID: context.physicalResourceID ?? "")
    }

    /// Any but those CloudFormation makes up.
    public func isOwn(_ physicalID: String, context: CustomResourceContext) -> Bool {
        !PhysicalID.isMadeUp(
            physicalID, stackName: context.request.address.stackName,
            logicalResourceID: context.request.address.logicalResourceID)
    }
}
