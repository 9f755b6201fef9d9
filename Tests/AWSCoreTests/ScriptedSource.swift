import AWSCore
import AWSSigning
import Foundation
import Synchronization
import TestSupport
import Timestamps

/// One answer of a source; the slow ones wait for the clock.
enum Answer {
    case key(String, Timestamp?)
    case slowKey(String, Timestamp?)
    case failure(String)
    case slowFailure(String)
}

/// A provider that gives answer after answer, then the last one for ever.
final class ScriptedSource: CredentialProvider {
    private let answers: [Answer]
    private let clock: ManualClock?
    private let count = Mutex(0)

    init(_ answers: [Answer], clock: ManualClock? = nil) {
        self.answers = answers
        self.clock = clock
    }

    var calls: Int { count.withLock { $0 } }

    func credentials() async throws -> Credentials {
        let index = count.withLock { count in
            count += 1
            return count - 1
        }
        switch answers[min(index, answers.count - 1)] {
        case .key(let id, let expiration): return Self.credentials(id, expiration)
        case .slowKey(let id, let expiration):
            try await clock?.sleep(for: .seconds(1))
            return Self.credentials(id, expiration)
        case .failure(let sentence): throw CredentialError(sentence)
        case .slowFailure(let sentence):
            try await clock?.sleep(for: .seconds(1))
            throw CredentialError(sentence)
        }
    }

    private static func credentials(_ id: String, _ expiration: Timestamp?) -> Credentials {
        Credentials(accessKeyID: id, secretAccessKey: "secret", expiration: expiration)
    }
}

/// A task executor with a single thread, as a function's event loop is one.
final class OneThreadExecutor: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    init() {
        let thread = Thread { [self] in
            while true {
                work.wait()
                let (job, isStopped) = state.withLock { state in
                    (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopped)
                }
                if let job { job.runSynchronously(on: asUnownedTaskExecutor()) } else if isStopped { return }
            }
        }
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        work.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        work.signal()
    }
}
