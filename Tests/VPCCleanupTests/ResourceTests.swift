import AWSCore
import CloudFormation
import HTTP
import JSON
import Lambda
import Synchronization
import TestSupport
import Testing
import Timestamps

@testable import VPCCleanup

/// The custom resource before CloudFormation's kit, in a fake world.
@Suite struct ResourceTests {
    private static let functionARN = "arn:aws:lambda:eu-central-1:123456789012:function:vpc-cleanup"

    private final class Successor: SelfInvoker {
        let payloads = Mutex<[[UInt8]]>([])
        func invoke(functionARN: String, payload: [UInt8]) async throws { payloads.withLock { $0.append(payload) } }
    }

    private func event(
        _ type: String, _ properties: JSONObject.Member..., id: String? = "vpc-cleanup/\(vpc)", old: JSONValue? = nil
    ) -> JSONValue {
        var members = JSONObject([
            .init(name: "RequestType", value: .string(type)),
            .init(name: "ResponseURL", value: "https://s3.example/x?y=z"),
            .init(name: "StackId", value: "arn:aws:cloudformation:eu-central-1:123456789012:stack/demo/1f0e"),
            .init(name: "RequestId", value: "9c1b"), .init(name: "LogicalResourceId", value: "Cleanup"),
            .init(name: "ResourceType", value: "Custom::VPCCleanup"),
        ])
        var values = JSONObject([
            .init(name: "ServiceToken", value: .string(Self.functionARN)), .init(name: "VpcId", value: .string(vpc)),
        ])
        for property in properties { values[property.name] = property.value }
        members["ResourceProperties"] = .object(values)
        members["OldResourceProperties"] = old
        members["PhysicalResourceId"] = type == "Create" ? nil : id.map(JSONValue.string)
        return .object(members)
    }

    /// Sends an event, carries hand-overs on, and gives the one answer.
    private func answer(
        _ event: JSONValue, _ world: FakeWorld, lifetime: Duration = .seconds(900), hops: inout Int
    ) throws -> JSONValue {
        let transport = StubTransport { _ in HTTPResponse(status: 200) }
        let successor = Successor()
        let clock = world.time.clock
        let now: @Sendable () -> Timestamp = { Timestamp(secondsSinceEpoch: 1_700_000_000) + clock.now.offset }
        var payload = event.encoded
        while transport.requests.isEmpty {
            let bytes = payload
            let handler = CustomResourceHandler(
                VPCCleanupResource(world: world), transport: transport, invoker: successor, clock: clock, now: now)
            _ = try world.time.run {
                let context = LambdaContext(
                    requestID: "1", deadline: now() + lifetime, invokedFunctionARN: Self.functionARN)
                return try await handler.handle(bytes, context: context)
            }
            if let next = successor.payloads.withLock({ $0.popLast() }) {
                payload = next
                hops += 1
            }
        }
        #expect(transport.requests.count == 1)
        guard case .bytes(let body) = try #require(transport.requests.first).body else { return .null }
        #expect(body.count <= 4_096)
        return try JSONValue(parsing: body)
    }

    private func answer(_ event: JSONValue, _ state: FakeWorld.State) throws -> (JSONValue, FakeWorld.State) {
        var hops = 0
        let world = FakeWorld(VirtualTime(), state)
        return (try answer(event, world, hops: &hops), world.now)
    }

    private var leftovers: FakeWorld.State {
        var state = FakeWorld.State.empty
        state.addLeftovers(of: "d-a")
        state.groups["sg-default"]?.rules = [
            .init(id: "sgr-1", direction: .ingress), .init(id: "sgr-2", direction: .egress),
        ]
        return state
    }

    private static let names = [
        "DeletedMountTargets", "DeletedMountTargetIds", "DeletedFileSystems", "DeletedFileSystemIds",
        "DeletedEndpoints",
        "DeletedEndpointIds", "DeletedNetworkInterfaces", "DeletedNetworkInterfaceIds", "DeletedSecurityGroups",
        "DeletedSecurityGroupIds", "RevokedRules", "RetainedFileSystemIds", "PlannedActions", "Remaining", "Plan",
    ]

    @Test func aCreateChecksTheVPCAndChangesNothing() throws {
        let (answer, world) = try answer(event("Create"), leftovers)
        #expect(answer["Status"] == "SUCCESS")
        #expect(answer["PhysicalResourceId"] == .string("vpc-cleanup/\(vpc)"))
        #expect(answer["Data"]?.object?.map(\.name) == Self.names)
        #expect(world.mutations.isEmpty)
        #expect(world.calls == ["GetCallerIdentity": 1, "DescribeVpcs": 1])
    }

    @Test func aCreateEmptiesTheDefaultGroupWhenAskedTo() throws {
        let (answer, world) = try answer(
            event("Create", .init(name: "EmptyDefaultSecurityGroup", value: "true")), leftovers)
        #expect(answer["Data"]?["RevokedRules"] == "2")
        #expect(world.groups["sg-default"]?.rules.isEmpty == true)
        #expect(world.mutations == ["RevokeSecurityGroup sg-default", "RevokeSecurityGroup sg-default"])
    }

    @Test func aCreateInAVPCThatIsNotThereOrTheDefaultFails() throws {
        var state = leftovers
        state.vpcs[vpc]?.isDefault = true
        let (refused, _) = try answer(event("Create"), state)
        #expect(refused["Reason"]?.string?.hasPrefix("Nothing was touched: \(vpc) is the default VPC") == true)
        state.vpcs[vpc] = nil
        let (missing, _) = try answer(event("Create"), state)
        #expect(missing["Reason"]?.string?.hasPrefix("There is no \(vpc) in this account and region") == true)
    }

    @Test func aDryRunStaysOneThoughThePropertiesCannotBeRead() throws {
        let (reply, after) = try answer(
            event("Delete", .init(name: "DryRun", value: "true"), .init(name: "Colour", value: "red")), leftovers)
        #expect(reply["Status"] == "SUCCESS")
        #expect(after.mutations.isEmpty)
    }

    @Test func aStateOfImpossibleNumbersIsCountedOnFrom() {
        let state = CleanupState(["revokedRules": .integer(Int64.max), "waited": ["sg-1": .integer(Int64.max)]])
        let journal = CleanupJournal(vpcID: vpc, state: state, checkpoint: { _ in }, report: { _ in })
        journal.revoked(3)
        #expect(!journal.wait(ResourceName(.securityGroup, "sg-1"), "held", for: .seconds(5), patience: .seconds(300)))
    }

    @Test func aDryRunReadsOnlyAndTellsThePlan() throws {
        for type in ["Create", "Delete"] {
            let (answer, world) = try answer(
                event(
                    type, .init(name: "DryRun", value: "true"),
                    .init(name: "EmptyDefaultSecurityGroup", value: type == "Create" ? "true" : "false")), leftovers)
            #expect(answer["Status"] == "SUCCESS")
            #expect(world.mutations.isEmpty)
            let plan = try #require(answer["Data"]?["Plan"]?.string)
            #expect(
                plan.contains("wave 1: delete mount targets fsmt-d-a-0, fsmt-d-a-1 of fs-d-a [its tag names domain d-a")
            )
            #expect(plan.contains("now: revoke ingress rules sgr-1 of sg-default") == (type == "Create"))
            #expect(answer["Data"]?["PlannedActions"] == "5")
            #expect(answer["Data"]?["RetainedFileSystemIds"] == "fs-d-a")
        }
    }

    @Test func aDeleteCleansUpAndASecondOneChangesNothing() throws {
        let (answer, world) = try answer(event("Delete"), leftovers)
        #expect(answer["Status"] == "SUCCESS")
        #expect(world.isClean(vpc))
        let data = try #require(answer["Data"])
        #expect(data.object?.map(\.name) == Self.names)
        #expect(data["DeletedSecurityGroupIds"] == "sg-in-d-a,sg-out-d-a")
        #expect(data["DeletedMountTargets"] == "2" && data["RetainedFileSystemIds"] == "fs-d-a")
        #expect(world.groups["sg-default"]?.rules.count == 2)

        var state = world
        state.mutations = []
        state.settle(.seconds(86_400))
        let (second, after) = try self.answer(event("Delete"), state)
        #expect(second["Status"] == "SUCCESS")
        #expect(after.mutations.isEmpty)
    }

    @Test func aDeleteOfAVPCThatIsGoneSucceedsAtOnce() throws {
        var state = leftovers
        state.vpcs[vpc] = nil
        let (answer, world) = try answer(event("Delete"), state)
        #expect(answer["Status"] == "SUCCESS")
        #expect(world.calls.values.reduce(0, +) == 2)
    }

    @Test func aDeleteThatIsHeldSaysByWhom() throws {
        var state = leftovers
        state.add(NetworkInterface("eni-i", groups: ["sg-out-d-a"], instance: "i-1"))
        let (answer, _) = try answer(event("Delete"), state)
        #expect(answer["Status"] == "FAILED")
        let reason = try #require(answer["Reason"]?.string)
        #expect(reason.contains("sg-out-d-a (eni-i (instance i-1) wears it; owner 123456789012)"))
        #expect(reason.contains("deleted 2 mount targets, 1 security group"))
    }

    @Test func theIDSaysWhichVPCIsCleanedNotTheProperties() throws {
        let (answer, world) = try answer(
            event("Delete", .init(name: "VpcId", value: .string(otherVPC))), leftovers)
        #expect(answer["Status"] == "SUCCESS")
        #expect(world.isClean(vpc))
    }

    @Test func aDeleteWhosePropertiesAreUnreadableRetainsTheData() throws {
        let (answer, world) = try answer(
            event("Delete", .init(name: "HomeFileSystems", value: "Burn"), .init(name: "Typo", value: "1")), leftovers)
        #expect(answer["Status"] == "SUCCESS")
        #expect(world.isClean(vpc) && world.fileSystems["fs-d-a"] != nil)
    }

    @Test func anotherVPCIsAnotherResource() throws {
        let (answer, world) = try answer(
            event(
                "Update", .init(name: "VpcId", value: .string(otherVPC)), old: ["VpcId": .string(vpc)]), leftovers)
        #expect(answer["PhysicalResourceId"] == .string("vpc-cleanup/\(otherVPC)"))
        #expect(world.mutations.isEmpty)
    }

    @Test func anIDThatCloudFormationMadeUpCleansTheVPCOfTheProperties() throws {
        var request = event("Delete", id: "demo-Cleanup-1A2B3C4D5E6F")
        let (answer, world) = try answer(request, leftovers)
        #expect(answer["Status"] == "SUCCESS" && answer["PhysicalResourceId"] == "demo-Cleanup-1A2B3C4D5E6F")
        #expect(world.isClean(vpc))
        request = event("Delete", id: "CREATE_FAILED/Cleanup/9c1b")
        let (nothing, untouched) = try self.answer(request, leftovers)
        #expect(nothing["Status"] == "SUCCESS")
        #expect(untouched.calls.isEmpty)
    }

    @Test func allProblemsOfThePropertiesAreReported() throws {
        let (answer, world) = try answer(
            event(
                "Create", .init(name: "VpcId", value: "vpc-XYZ"), .init(name: "DomainId", value: "x"),
                .init(name: "HomeFileSystems", value: "delete"), .init(name: "GuardDutyEndpoint", value: "Keep")),
            leftovers)
        let reason = try #require(answer["Reason"]?.string)
        for text in [
            "VpcId is \"vpc-XYZ\"", "DomainId is \"x\"", "did you mean Delete?", "did you mean GuardDutyEndpoints?",
        ] {
            #expect(reason.contains(text), "\(reason)")
        }
        #expect(world.calls.isEmpty)
    }

    @Test func whatOutlastsAnInvocationIsCarriedOnInTheNext() throws {
        var state = leftovers
        state.add(NetworkInterface("eni-f", functionDescription("gone"), type: "lambda", groups: ["sg-out-d-a"]))
        state.due.append((.seconds(40 * 60), { $0.interfaces["eni-f"]?.status = "available" }))
        let world = FakeWorld(VirtualTime(), state)
        var hops = 0
        let answer = try answer(event("Delete"), world, hops: &hops)
        #expect(hops == 2)
        #expect(answer["Status"] == "SUCCESS")
        #expect(world.now.isClean(vpc))
        // What the first invocation did is counted too.
        #expect(answer["Data"]?["DeletedMountTargets"] == "2")
        #expect(answer["Data"]?["DeletedSecurityGroupIds"] == "sg-in-d-a,sg-out-d-a")
    }

    @Test func aFileSystemWhoseTargetsWentInTheLastInvocationIsStillKnown() throws {
        var state = FakeWorld.State.empty
        state.addLeftovers(of: "d-a", isTagged: false)
        var manners = FakeWorld.Manners()
        manners.otherMountTargetTime = .seconds(20)
        manners.refuse = { call, _, count in
            call == "DeleteFileSystem" && count < 6 ? failure("FileSystemInUse", status: 409) : nil
        }
        let world = FakeWorld(VirtualTime(), state, manners)
        var hops = 0
        let answer = try answer(
            event("Delete", .init(name: "HomeFileSystems", value: "Delete")), world, lifetime: .seconds(60), hops: &hops
        )
        #expect(hops >= 1)
        #expect(answer["Data"]?["DeletedFileSystemIds"] == "fs-d-a")
        #expect(world.now.fileSystems.isEmpty)
    }

    @Test func anHourThatIsOverSaysWhatIsLeft() throws {
        var state = leftovers
        state.add(NetworkInterface("eni-f", functionDescription("gone"), type: "lambda", groups: ["sg-out-d-a"]))
        let world = FakeWorld(VirtualTime(), state)
        var hops = 0
        let answer = try answer(event("Delete"), world, hops: &hops)
        #expect(answer["Status"] == "FAILED")
        let reason = try #require(answer["Reason"]?.string)
        #expect(
            reason.hasPrefix(
                "The time CloudFormation waits is over. So far: \(vpc): deleted 2 mount targets, 1 security group"))
        #expect(reason.contains("waiting for network interface eni-f (held by Lambda function gone; owner \(account))"))
    }

    @Test func aHundredGroupsFitIntoTheAnswer() throws {
        var state = FakeWorld.State.empty
        for index in 0..<100 { state.addLeftovers(of: "d-\(index)", mountTargets: 1) }
        for index in 0..<100 { state.add(NetworkInterface("eni-mine-\(index)", "a long description \(index)")) }
        let (answer, world) = try answer(event("Delete"), state)
        #expect(answer["Status"] == "SUCCESS")
        #expect(answer["Data"]?["DeletedSecurityGroups"] == "200")
        let ids = try #require(answer["Data"]?["DeletedSecurityGroupIds"]?.string)
        #expect(ids.hasPrefix("sg-") && ids.hasSuffix(" more") && ids.utf8.count <= CleanupAttributes.longestList)
        #expect(world.groups.count == 1)
    }
}
