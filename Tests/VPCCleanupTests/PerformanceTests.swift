import TestSupport
import Testing

@testable import VPCCleanup

/// Calls and time of a large VPC: 120 groups, three file systems, nine mount targets.
@Suite struct PerformanceTests {
    /// How much there is.
    struct Size: Sendable, CustomTestStringConvertible {
        var groups: Int
        var fileSystems: Int
        var targets: Int
        var testDescription: String { "\(groups) groups, \(fileSystems) file systems, \(targets) mount targets" }

        static let large = Size(groups: 120, fileSystems: 3, targets: 9)

        var state: FakeWorld.State {
            var state = FakeWorld.State.empty
            for index in 0..<groups / 2 {
                state.addLeftovers(of: "d-\(index)", mountTargets: index < fileSystems ? targets / fileSystems : 0)
            }
            return state
        }

        /// The bound of the README for one plan.
        func bound(looks: Int) -> Int {
            let lists = (groups + 1 + 199) / 200 + (groups + 199) / 200
            let inventory = 4 + 1 + 1 + 3 * fileSystems + lists
            return 1 + 2 * inventory + 7 + targets + fileSystems + groups + groups + looks
        }
    }

    private var state: FakeWorld.State { Size.large.state }

    private var manners: FakeWorld.Manners {
        var manners = FakeWorld.Manners()
        manners.mountTargetTime = ["fs-d-0": .seconds(90), "fs-d-1": .seconds(30), "fs-d-2": .seconds(240)]
        return manners
    }

    private let options = CleanupOptions(vpcID: vpc, deletesHomeFileSystems: true)

    @Test(arguments: [
        Size(groups: 2, fileSystems: 1, targets: 1), Size(groups: 20, fileSystems: 2, targets: 6), .large,
        Size(groups: 400, fileSystems: 5, targets: 20),
    ])
    func theCallsKeepToTheFormula(size: Size) throws {
        let cleanup = Cleanup(size.state, manners, options)
        try cleanup.clean()
        let world = cleanup.world.now
        #expect(world.isClean(vpc) && world.fileSystems.isEmpty)
        // Looks of a wait of t seconds: 3 + t / 15, and 3 more each time something went meanwhile.
        let seconds = (0..<size.fileSystems).map { [90, 30, 240, 60, 60][$0] }
        let targets = seconds.reduce(0) { $0 + $1 / 15 } + 3 * (size.fileSystems + size.targets)
        let fileSystems = size.fileSystems * (3 + 20 / 15)
        let interfaces = 3 + 25 / 15 + 3
        let bound = size.bound(looks: targets + fileSystems + interfaces)
        print("\(size.testDescription): \(cleanup.world.callCount) calls, formula \(bound)")
        #expect(cleanup.world.callCount <= bound)
        #expect(world.mutations.count == size.targets + size.fileSystems + 2 * size.groups)
    }

    @Test func theTimeIsNearTheSlowestChain() throws {
        let cleanup = Cleanup(state, manners, options)
        try cleanup.clean()
        let world = cleanup.world.now
        print(world.calls.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        let sequential = Cleanup(state, manners, options)
        let cleaner = SequentialCleaner(world: sequential.world, clock: sequential.time.clock)
        try sequential.time.run { try await cleaner.clean() }
        #expect(sequential.world.now.isClean(vpc))
        // 240 s for the targets, 20 for the file system, then its interfaces' lag is over already.
        let chain = Duration.seconds(240 + 20)
        print("slowest chain \(chain), ours \(cleanup.elapsed), one thing after the other \(sequential.elapsed)")
        #expect(cleanup.elapsed < chain + .seconds(60))
        #expect(sequential.elapsed > cleanup.elapsed * 4)
    }

    @Test func aFastFileSystemDoesNotWaitForASlowOne() throws {
        let times = Times()
        var manners = manners
        let clock = VirtualTime()
        manners.intervene = { call, id, _ in
            if call == "DeleteFileSystem" { times.note(id, clock.clock.now.offset) }
        }
        let world = FakeWorld(clock, state, manners)
        let journal = CleanupJournal(vpcID: vpc, state: CleanupState(), checkpoint: { _ in }, report: { _ in })
        let run = CleanupRun(
            world: world, options: options, schedule: PollSchedule(), clock: clock.clock, journal: journal,
            log: { _ in })
        _ = try clock.run { try await run.clean() }
        #expect(times["fs-d-1"] < .seconds(60))
        #expect(times["fs-d-0"] < .seconds(120))
        #expect(times["fs-d-2"] > .seconds(240))
    }
}

/// Does one thing after the other, as most cleaners do.
struct SequentialCleaner: Sendable {
    let world: FakeWorld
    let clock: ManualClock

    func clean() async throws {
        for listing in try await world.fileSystems() {
            let id = listing.fileSystem.id
            for target in try await world.mountTargets(of: id) {
                try await world.deleteMountTarget(target.id)
                while try await world.mountTargets(of: id).contains(where: { $0.id == target.id }) {
                    try await clock.sleep(for: .seconds(15))
                }
            }
            try await world.deleteFileSystem(id)
            while try await world.fileSystemState(id) != nil { try await clock.sleep(for: .seconds(15)) }
        }
        let groups = try await world.groups(in: vpc).filter { !$0.isDefault }
        for group in groups {
            for direction in SecurityGroupRule.Direction.allCases {
                let rules = try await world.rules(of: [group.id])[group.id] ?? []
                let ids = rules.filter { $0.direction == direction }.map(\.id)
                if !ids.isEmpty { try await world.revokeRules(ids, of: group.id, direction) }
            }
        }
        for group in groups {
            while true {
                do {
                    try await world.deleteGroup(group.id)
                    break
                } catch let error where Refusal(error) == .busy {
                    try await clock.sleep(for: .seconds(15))
                }
            }
        }
    }
}
