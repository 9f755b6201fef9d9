import Testing
import Waiting

@Suite(.timeLimit(.minutes(5))) struct WaiterTests {
    @Test func theValueReachesTheTaskThatWaits() async {
        let waiter = Waiter<Int>()
        async let value = waiter.value()
        // It may come before the task waits, or after.
        #expect(waiter.give(1))
        #expect(await value == 1)
    }

    @Test func aValueThatCameBeforeIsThereAtOnce() async {
        let waiter = Waiter<Int>()
        #expect(waiter.give(1))
        #expect(await waiter.value() == 1)
    }

    @Test func aSecondValueIsNotTaken() async {
        let waiter = Waiter<Int>()
        #expect(waiter.give(1))
        #expect(!waiter.give(2))
        #expect(await waiter.value() == 1)
        #expect(!waiter.give(3))
    }

    @Test func aCancelledTaskWaitsNoMoreAndTakesNothing() async {
        let waiter = Waiter<Int>()
        let task = Task { await waiter.value() }
        task.cancel()
        #expect(await task.value == nil)
        #expect(!waiter.give(1))
    }

    @Test func ofACancellationAndAValueAtOnceExactlyOneCounts() async {
        for _ in 0..<20 {
            let waiter = Waiter<Int>()
            let task = Task { await waiter.value() }
            async let isTaken = Task { waiter.give(1) }.value
            task.cancel()
            let value = await task.value
            #expect(await isTaken == (value == 1))
        }
    }
}
