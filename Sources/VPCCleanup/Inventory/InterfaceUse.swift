/// What an interface is for, read off its description and its attachment.
enum InterfaceUse: Sendable, Hashable {
    /// Studio's, of a domain.
    case studio(domain: String)
    /// A SageMaker notebook instance's.
    case notebook(String)
    /// Of a Lambda function.
    case function(String)
    /// Of a mount target of a file system.
    case mountTarget(String, fileSystem: String)
    /// Of an endpoint.
    case endpoint(String)
    /// Of a load balancer.
    case loadBalancer(String)
    /// Of an instance.
    case instance(String)
    /// Of something else that is attached to it: what the description or the type says.
    case service(String)
    /// Of nothing: it is attached to nothing, and nobody says what it was for.
    case unattached

    /// What holds the interface, for a person.
    var holder: String {
        switch self {
        case .studio(let domain): "SageMaker Studio, domain \(domain)"
        case .notebook(let name): "SageMaker notebook instance \(name)"
        case .function(let name): "Lambda function \(name)"
        case .mountTarget(let target, let fileSystem): "mount target \(target) of \(fileSystem)"
        case .endpoint(let id): "endpoint \(id)"
        case .loadBalancer(let name): "load balancer \(name)"
        case .instance(let id): "instance \(id)"
        case .service(let name): name
        case .unattached: "nothing it is attached to"
        }
    }
}

extension NetworkInterface {
    /// What the interface is for.
    var use: InterfaceUse {
        if let domain = Self.studioDomain(description) { return .studio(domain: domain) }
        if let name = Self.text(
            in: description,
            after: "[Do not delete] Network Interface created to access resources in your VPC for SageMaker Notebook "
                + "Instance ")
        {
            return .notebook(name)
        }
        if let name = Self.functionName(description) { return .function(name) }
        if let (target, fileSystem) = Self.mountTarget(description) {
            return .mountTarget(target, fileSystem: fileSystem)
        }
        if let id = Self.text(in: description, after: "VPC Endpoint Interface "), id.hasPrefix("vpce-") {
            return .endpoint(id)
        }
        if let name = Self.text(in: description, after: "ELB ") { return .loadBalancer(name) }
        if let instanceID { return .instance(instanceID) }
        if type != "interface" { return .service(type.isEmpty ? "an unknown service" : "a \(type)") }
        if !isAvailable { return .service(description.isEmpty ? "an unknown service" : "\"\(description)\"") }
        return .unattached
    }

    /// Who is to be asked about the interface: an account or a service.
    var owner: String {
        [requesterID, attachmentOwnerID].compactMap { $0 }.first { $0 != ownerID } ?? ownerID
    }

    /// `[DO NOT DELETE] ENI managed by SageMaker for Studio Domain (d-…) - 0a1b2c`
    private static func studioDomain(_ description: String) -> String? {
        guard var rest = text(in: description, after: "[DO NOT DELETE] ENI managed by SageMaker for Studio Domain")
        else { return nil }
        if rest.hasPrefix(" ") { rest.removeFirst() }
        guard rest.hasPrefix("("), let end = rest.firstIndex(of: ")") else { return nil }
        let domain = String(rest[rest.index(after: rest.startIndex)..<end])
        return Evidence.isDomainID(domain) ? domain : nil
    }

    /// `AWS Lambda VPC ENI-NAME-01234567-0123-0123-0123-0123456789ab`
    private static func functionName(_ description: String) -> String? {
        guard let rest = text(in: description, after: "AWS Lambda VPC ENI-") else { return nil }
        let bytes = Array(rest.utf8)
        guard bytes.count > 37, bytes[bytes.count - 37] == UInt8(ascii: "-"), isUUID(bytes.suffix(36)) else {
            return nil
        }
        return String(decoding: bytes.dropLast(37), as: UTF8.self)
    }

    private static func isUUID(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.enumerated().allSatisfy { index, byte in
            [8, 13, 18, 23].contains(index)
                ? byte == UInt8(ascii: "-") : (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        }
    }

    /// `EFS mount target for fs-… (fsmt-…)`
    private static func mountTarget(_ description: String) -> (target: String, fileSystem: String)? {
        guard let rest = text(in: description, after: "EFS mount target for ") else { return nil }
        let parts = rest.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("fs-"), parts[1].hasPrefix("(fsmt-"), parts[1].hasSuffix(")") else {
            return nil
        }
        return (String(parts[1].dropFirst().dropLast()), String(parts[0]))
    }

    private static func text(in description: String, after prefix: String) -> String? {
        guard description.hasPrefix(prefix), description.utf8.count > prefix.utf8.count else { return nil }
        return String(description.dropFirst(prefix.count))
    }
}
