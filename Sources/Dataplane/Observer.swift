// The thread that takes what workers have to tell to whoever listens: events of the table, frames for the address book.
// It sleeps while there is nothing; a worker rings it once it sleeps, and never waits for it.

internal import LinuxIO
internal import Synchronization

/// The observer and what workers need to reach it.
final class Observer: Sendable {
  /// One for each worker.
  let rings: [ObservationRings]
  private let wake: WakeDescriptor
  /// It sleeps until it is rung. Both sides first store what the other looks at, then look: so one of them sees the
  /// other.
  private let asleep = Atomic<Bool>(false)
  private let ending = Atomic<Bool>(false)
  private let thread = Mutex<ThreadHandle?>(nil)
  private let listener: @Sendable (Observations) -> Void

  /// How long it rests after it has told something, so that a busy switch does not wake it for each frame:
  /// milliseconds.
  private static var rest: Int32 { 10 }

  init(workers: Int, _ listener: @escaping @Sendable (Observations) -> Void) throws {
    self.listener = listener
    wake = try WakeDescriptor()
    var rings: [ObservationRings] = []
    do {
      for _ in 0..<workers { rings.append(try ObservationRings()) }
    } catch {
      for ring in rings { ring.deallocate() }
      throw error
    }
    self.rings = rings
  }

  deinit {
    for ring in rings { ring.deallocate() }
  }

  /// Starts the thread, which keeps this object until `stop`.
  func start() throws {
    let poller = try Poller(capacity: 1)
    try poller.add(wake.number, token: 0)
    let handover = Mutex<Poller?>(poller)
    let running = ThreadHandle(
      try SystemThread(name: "observer") { [self] in
        guard let poller = handover.withLock({ $0.take() }) else { return }
        run(poller)
      })
    thread.withLock { $0 = running }
  }

  /// By a worker, after it has put something into its rings.
  func ring() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if asleep.load(ordering: .relaxed), asleep.exchange(false, ordering: .relaxed) { wake.signal() }
  }

  /// Ends the thread after it has told what workers, which have ended, left behind, and waits for it.
  func stop() {
    guard let running = thread.withLock({ $0.take() }) else { return }
    ending.store(true, ordering: .releasing)
    wake.signal()
    running.join()
  }

  private func run(_ poller: borrowing Poller) {
    var lost = [Int](repeating: 0, count: rings.count)
    while true {
      // Asked for before the last look, so that nothing is left.
      let isLast = ending.load(ordering: .acquiring)
      var observations = Observations()
      for (index, ring) in rings.enumerated() { lost[index] = ring.drain(into: &observations, known: lost[index]) }
      if !observations.isEmpty { listener(observations) }
      if isLast { return }
      if !observations.isEmpty {
        _ = poller.wait(milliseconds: Observer.rest)
      } else {
        asleep.store(true, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        let isEmpty = rings.indices.allSatisfy { rings[$0].isEmpty(lost[$0]) }
        if isEmpty, !ending.load(ordering: .relaxed) { _ = poller.wait(milliseconds: -1) }
        asleep.store(false, ordering: .relaxed)
      }
      wake.clear()
    }
  }
}
