// A data plane with guests at its ports, which keeps books: whatever a test does, at the end every frame must be
// accounted for on both sides of the sockets.

import BridgeCore
import Capture
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

/// What obeys commands and counts: the data plane as it is built into the switch, or a worker by itself.
protocol Engine: Sendable {
  var counters: Counters { get }
  @discardableResult func perform(_ command: Command) async -> Reply
  func stop()
}

extension Dataplane: Engine {}

/// A worker on a thread of its own. Letters can be in its mailbox before it starts; all of them are applied before
/// the first frame is read.
final class BareWorker: Engine {
  let counters: Counters
  private let mailbox: Mailbox<Envelope>
  private let thread: Mutex<SystemThread?>
  private let clocks: OutputClocks
  /// How many of the first letters were answered.
  let answered = Box(0)

  init(
    ring: CaptureRing? = nil, letters: [Command] = [], notify: @escaping @Sendable (Notice) -> Void = { _ in }
  ) throws {
    counters = try Counters(slots: 64)
    clocks = try OutputClocks(slots: 64)
    mailbox = try Mailbox()
    for letter in letters {
      let answered = self.answered
      let letter = Envelope(command: letter) { reply in
        VLANPlan.free(reply)
        answered.change { $0 += 1 }
      }
      #expect(mailbox.post(letter))
    }
    let poller = try Poller()
    try poller.add(mailbox.descriptor, token: Worker.mailboxToken)
    let worker = Worker(
      bridge: Bridge(capacity: 4096, ageing: 300, seed: 5),
      ports: try PortTable(count: 64, counters: counters, clocks: clocks), arena: try FrameArena(), poller: poller,
      capture: CaptureTap(ring?.makeProducer()), mailbox: mailbox, notify: notify, epoch: Clock.monotonic())
    let handover = Mutex<Worker?>(worker)
    thread = Mutex(
      try SystemThread(name: "worker-test") {
        guard var worker = handover.withLock({ $0.take() }) else { return }
        worker.run()
      })
  }

  deinit {
    stop()
    clocks.deallocate()
  }

  func perform(_ command: Command) async -> Reply {
    await withCheckedContinuation { continuation in
      let posted = mailbox.post(Envelope(command: command) { continuation.resume(returning: $0) })
      if !posted { continuation.resume(returning: .failed(-1)) }
    }
  }

  func stop() {
    guard let running = thread.withLock({ $0.take() }) else { return }
    _ = mailbox.post(Envelope(command: .stop) { _ in })
    running.join()
  }
}

final class Lab: Sendable {
  private struct State {
    var guests: [Int: Guest] = [:]
    /// Slots that the data plane does not read.
    var asleep: Set<Int> = []
    var plan = VLANPlan()
    var setups: [Int: PortSetup] = [:]
    var serial: UInt32 = 0
    /// What ports that are gone had counted.
    var retired = CounterSnapshot()
  }

  let engine: any Engine
  let notices: Box<[Notice]>
  private let state = Mutex(State())

  /// The data plane as the switch has it.
  static func dataplane(
    tableSize: Int = 4096, workers: Int = 1, capture: FileCapture? = nil,
    notify: @escaping @Sendable (Notice) -> Void = { _ in }, observe: (@Sendable (Observations) -> Void)? = nil
  ) async throws -> Lab {
    let notices = Box<[Notice]>([])
    let configuration = DataplaneConfiguration(
      tableSize: tableSize, ageing: 1_000_000, forwardReserved: false, seed: 99,
      workers: workers)
    let dataplane = try Dataplane(
      configuration, capture: capture,
      notify: { notice in
        notices.change { $0.append(notice) }
        notify(notice)
      }, observe: observe)
    return Lab(dataplane, notices)
  }

  /// A worker by itself, which may record to `ring`.
  static func worker(ring: CaptureRing?, notify: @escaping @Sendable (Notice) -> Void = { _ in }) async throws -> Lab {
    Lab(try BareWorker(ring: ring, notify: notify), Box<[Notice]>([]))
  }

  init(_ engine: any Engine, _ notices: Box<[Notice]>) {
    self.engine = engine
    self.notices = notices
  }

  deinit { engine.stop() }

  // MARK: ports

  func guest(_ slot: Int) -> Guest? { state.withLock { $0.guests[slot] } }
  var guests: [Guest] { state.withLock { $0.guests.values.sorted { $0.port.slot < $1.port.slot } } }

  @discardableResult
  func add(_ slot: Int, mtu: Int = 1500, native: UInt16 = 1, enabled: Bool = true, handle: UInt32 = 0) async throws
    -> Guest
  { try await add(slot, PortSetup(mtu: mtu, native: native, enabled: enabled), handle: handle) }

  /// A port as the switch adds it: its VLANs are there before its first frame is read, and it is read before anybody
  /// sends to it.
  @discardableResult
  func add(_ slot: Int, _ setup: PortSetup, handle: UInt32 = 0) async throws -> Guest {
    let serial = state.withLock { state in
      state.serial += 1
      return state.serial
    }
    let guest = try Guest(port: port(slot), serial: serial, handle: handle)
    await join(slot, setup.with { $0.isUp = false })
    let reply = await engine.perform(
      .attach(
        PortAttachment(
          port: port(slot), serial: serial, io: PortIO(descriptor: guest.near), limits: setup.limits,
          policy: policy(slot, setup),
          handle: handle)))
    guard case .done = reply else { throw TimedOut(description: "attach: \(reply)") }
    state.withLock { $0.guests[slot] = guest }
    note(slot, setup)
    await join(slot, setup)
    return guest
  }

  func set(_ slot: Int, mtu: Int = 1500, native: UInt16 = 1, enabled: Bool) async throws {
    try await set(slot, PortSetup(mtu: mtu, native: native, enabled: enabled))
  }

  func set(_ slot: Int, _ setup: PortSetup) async throws {
    await join(slot, setup)
    let reply = await engine.perform(.adjust(port(slot), setup.limits, policy(slot, setup)))
    guard case .done = reply else { throw TimedOut(description: "adjust: \(reply)") }
    note(slot, setup)
  }

  func setup(_ slot: Int) -> PortSetup? { state.withLock { $0.setups[slot] } }

  private func note(_ slot: Int, _ setup: PortSetup) {
    state.withLock { state in
      state.setups[slot] = setup
      if setup.enabled { state.asleep.remove(slot) } else { state.asleep.insert(slot) }
    }
  }

  private func policy(_ slot: Int, _ setup: PortSetup) -> PortPolicy {
    setup.policy(reach: state.withLock { $0.plan.reach(of: port(slot)) })
  }

  private func join(_ slot: Int, _ setup: PortSetup) async {
    await apply(
      state.withLock {
        $0.plan.join(
          port(slot), setup.vlans, up: setup.isUp, floodKinds: setup.floodKinds, isolation: setup.isolation)
      })
  }

  /// Takes a port away as the switch does: nobody sends to it any more, then the worker lets go, then it is closed.
  func remove(_ slot: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let guest = try #require(self.guest(slot), sourceLocation: sourceLocation)
    await apply(state.withLock { $0.plan.leave(port(slot)) })
    await engine.perform(.detach(port(slot)))
    await engine.perform(.forget(port(slot)))
    guest.takeBack()
    _ = guest.take()
    check(guest, sourceLocation)
    state.withLock { state in
      state.retired.add(engine.counters.snapshot(of: port(slot)))
      state.guests[slot] = nil
      state.setups[slot] = nil
      state.asleep.remove(slot)
    }
    engine.counters.reset(port(slot))
  }

  private func apply(_ commands: [Command]) async {
    for command in commands { VLANPlan.free(await engine.perform(command)) }
  }

  // MARK: books

  func counters(_ slot: Int) -> CounterSnapshot { engine.counters.snapshot(of: port(slot)) }

  /// Waits until every frame that was sent has been read and all that came of it is done.
  func settle() async throws {
    let (guests, asleep) = state.withLock { ($0.guests, $0.asleep) }
    for (slot, guest) in guests where !asleep.contains(slot) {
      try await until(
        "port \(slot): \(guest.sent.load(ordering: .relaxed)) sent, \(counters(slot)[.rxFrames]) read"
      ) { counters(slot)[.rxFrames] == UInt64(guest.sent.load(ordering: .relaxed)) }
    }
    // A command is applied between batches.
    await engine.perform(.history(station(0), vlan: 1))
  }

  /// Frames read from all ports that are there now.
  var framesRead: UInt64 { guests.reduce(0) { $0 + counters($1.port.slot)[.rxFrames] } }

  /// Like `settle`, but without a command, which the worker would have to allocate for: until all that was sent has
  /// been read and the last of it is done with.
  func settleQuietly() async throws {
    for guest in guests {
      try await until("port \(guest.port.slot) read") {
        let counted = ledger(of: counters(guest.port.slot))
        return counted.rxFrames == UInt64(guest.sent.load(ordering: .relaxed)) && counted.ingressDifference == nil
      }
    }
    try await until("all copies") {
      var sum = Ledger()
      for guest in guests { sum.add(ledger(of: counters(guest.port.slot))) }
      return sum.differences.isEmpty
    }
  }

  /// Both equations of the ledger, and beside them what the guests know themselves.
  /// - Parameter others: slots without a guest that frames were meant for.
  func audit(others: [Int] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await settle()
    let retired = state.withLock { $0.retired }
    var sum = ledger(of: retired)
    for guest in guests {
      let asleep = state.withLock { $0.asleep.contains(guest.port.slot) }
      if !asleep { check(guest, sourceLocation) }
      sum.add(ledger(of: counters(guest.port.slot)))
    }
    for slot in others { sum.add(ledger(of: counters(slot))) }
    #expect(sum.differences.isEmpty, sourceLocation: sourceLocation)
  }

  private func check(_ guest: Guest, _ sourceLocation: SourceLocation) {
    _ = guest.take()
    let counted = counters(guest.port.slot)
    let name = "port \(guest.port.slot)"
    #expect(ledger(of: counted).ingressDifference == nil, "\(name)", sourceLocation: sourceLocation)
    for (counter, own) in [
      (Counter.rxFrames, guest.sent.load(ordering: .relaxed)),
      (.rxBytes, guest.sentBytes.load(ordering: .relaxed)),
      (.txFrames, guest.received.load(ordering: .relaxed)),
      (.txBytes, guest.receivedBytes.load(ordering: .relaxed)),
    ] { #expect(counted[counter] == UInt64(own), "\(name): \(counter)", sourceLocation: sourceLocation) }
  }

  /// Which drops each port that has any counted.
  var drops: [Int: [DropReason: UInt64]] {
    var all: [Int: [DropReason: UInt64]] = [:]
    for guest in guests {
      let drops = counters(guest.port.slot).drops
      if !drops.isEmpty { all[guest.port.slot] = drops }
    }
    return all
  }
}

/// The counters of a snapshot as the ledger wants them.
func ledger(of snapshot: CounterSnapshot) -> Ledger {
  var ledger = Ledger()
  ledger.rxFrames = snapshot[.rxFrames]
  ledger.forwarded = snapshot[.forwarded]
  ledger.flooded = snapshot[.flooded]
  ledger.consumed = snapshot[.consumed]
  ledger.floodCopies = snapshot[.floodCopies]
  ledger.originated = snapshot[.originated]
  ledger.txFrames = snapshot[.txFrames]
  ledger.merged = snapshot[.merged]
  ledger.split = snapshot[.split]
  for (reason, count) in snapshot.drops { ledger.add(count, droppedFor: reason) }
  return ledger
}
