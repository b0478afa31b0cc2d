// A worker without a thread, whose clock the test sets: frames are handed to it one by one, what it sends is in the
// guests' sockets at once. Nothing has to be waited for, so thousands of frames take no time.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

final class VirtualSwitch {
  private var worker: Worker
  let counters: Counters
  private let clocks: OutputClocks
  private let mailbox: Mailbox<Envelope>
  private(set) var guests: [Int: Guest] = [:]
  private var plan = VLANPlan()
  private let told = Box<[Notice]>([])
  private var serial: UInt32 = 0

  static let slots = 64

  /// - Parameter rings: where the worker is to put what an observer would be told.
  init(rings: Observer? = nil) throws {
    counters = try Counters(slots: VirtualSwitch.slots)
    clocks = try OutputClocks(slots: VirtualSwitch.slots)
    mailbox = try Mailbox()
    let told = self.told
    worker = Worker(
      bridge: Bridge(capacity: 4096, ageing: 300, seed: 11),
      ports: try PortTable(count: VirtualSwitch.slots, counters: counters, clocks: clocks), arena: try FrameArena(),
      poller: try Poller(), capture: CaptureTap(nil), mailbox: mailbox,
      notify: { notice in told.change { $0.append(notice) } }, epoch: 0, observer: rings)
    time = 1_000_000_000
    worker.begin(at: time, realTime: time)
  }

  deinit { clocks.deallocate() }

  /// Monotonic nanoseconds; another time is another wake-up. Real time is the same here.
  var time: UInt64 {
    didSet { worker.begin(at: time, realTime: time) }
  }

  var notices: [Notice] { told.value }

  @discardableResult
  func perform(_ command: Command) throws -> Reply {
    let answer = Box<Reply?>(nil)
    try #require(mailbox.post(Envelope(command: command) { reply in answer.change { $0 = reply } }))
    _ = worker.applyLetters()
    return try #require(answer.value)
  }

  private func apply(_ commands: [Command]) throws {
    for command in commands { VLANPlan.free(try perform(command)) }
  }

  func add(_ slot: Int, _ setup: PortSetup = PortSetup()) throws {
    serial += 1
    let guest = try Guest(port: port(slot), serial: serial)
    guests[slot] = guest
    try join(slot, setup)
    let policy = setup.policy(reach: plan.reach(of: port(slot)))
    let reply = try perform(
      .attach(
        PortAttachment(
          port: port(slot), serial: serial, io: PortIO(descriptor: guest.near), limits: setup.limits, policy: policy,
          handle: 0)))
    guard case .done = reply else { throw TimedOut(description: "attach: \(reply)") }
  }

  func set(_ slot: Int, _ setup: PortSetup) throws {
    try join(slot, setup)
    try perform(.adjust(port(slot), setup.limits, setup.policy(reach: plan.reach(of: port(slot)))))
  }

  private func join(_ slot: Int, _ setup: PortSetup) throws {
    try apply(
      plan.join(
        port(slot), setup.vlans, up: setup.isUp, floodKinds: setup.floodKinds, isolation: setup.isolation))
  }

  /// Frames, each with its offload header, as one batch.
  func receive(_ frames: [UInt8]..., from slot: Int) { receive(frames, from: slot) }

  func receive(_ frames: [[UInt8]], from slot: Int) {
    unsafe worker.ingressTagType = worker.ports[port(slot)].pointee.tagType
    for frame in frames {
      let landing = unsafe worker.arena.landing
      unsafe landing.copyBytes(from: frame.prefix(landing.count))
      _ = worker.receive(PortIO.Received(min(frame.count, landing.count)), from: port(slot))
    }
    _ = worker.flush()
    worker.tellProbes()
    worker.report()
  }

  /// All that waits at a port.
  func take(_ slot: Int) -> [[UInt8]] { guests[slot]?.take() ?? [] }

  func counted(_ slot: Int) -> CounterSnapshot { counters.snapshot(of: port(slot)) }

  /// Both equations of the ledger.
  func audit(sourceLocation: SourceLocation = #_sourceLocation) {
    var sum = Ledger()
    for slot in guests.keys {
      let ledger = ledger(of: counted(slot))
      #expect(ledger.ingressDifference == nil, "port \(slot)", sourceLocation: sourceLocation)
      sum.add(ledger)
    }
    #expect(sum.differences.isEmpty, sourceLocation: sourceLocation)
  }
}
