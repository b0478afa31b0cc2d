// The data plane as control sees it: one worker thread, asked by commands, read by counters and table reader.

package import BridgeCore
package import Capture
internal import LinuxIO
internal import Synchronization

/// What a data plane is made of.
package struct DataplaneConfiguration: Sendable {
  /// Entries of the forwarding table.
  package var tableSize: Int
  /// Seconds.
  package var ageing: UInt32
  package var forwardReserved: Bool
  /// For the hashes of the table; from a source that guests cannot guess.
  package var seed: UInt64

  package init(tableSize: Int, ageing: UInt32, forwardReserved: Bool, seed: UInt64) {
    self.tableSize = tableSize
    self.ageing = ageing
    self.forwardReserved = forwardReserved
    self.seed = seed
  }
}

/// A running data plane. `stop` ends its thread; before that, let go of `table`.
package final class Dataplane: Sendable {
  /// What each port counted. Slots are those of `PortIndex`.
  package let counters: Counters
  /// Not to be used after `stop`.
  package let table: ForwardingTable.Reader
  /// Monotonic nanoseconds at which tick 0 began.
  private let epoch: UInt64
  private let mailbox: Mailbox<Envelope>
  private let thread: Mutex<SystemThread?>

  /// Starts the thread; it has no ports yet.
  /// - Parameter notify: called on the worker's thread when a port fails; must not wait.
  package init(
    _ configuration: DataplaneConfiguration, capture: FileCapture?, notify: @escaping @Sendable (Notice) -> Void
  ) throws {
    counters = try Counters(slots: PortIndex.limit)
    mailbox = try Mailbox()
    epoch = Clock.monotonic()
    var bridge = Bridge(capacity: configuration.tableSize, ageing: configuration.ageing, seed: configuration.seed)
    bridge.setForwardReserved(configuration.forwardReserved)
    table = bridge.reader
    let poller = try Poller()
    try poller.add(mailbox.descriptor, token: Worker.mailboxToken)
    let worker = Worker(
      bridge: bridge, ports: PortTable(count: PortIndex.limit, counters: counters), arena: try FrameArena(),
      poller: poller, capture: CaptureTap(capture?.makeProducer()), mailbox: mailbox, notify: notify, epoch: epoch)
    // A closure cannot consume what it captured; the thread takes the worker out of here, once.
    let handover = Mutex<Worker?>(worker)
    thread = Mutex(
      try SystemThread(name: "dataplane-0") {
        guard var worker = handover.withLock({ $0.take() }) else { return }
        worker.run()
      })
  }

  deinit { stop() }

  /// The clock of the forwarding table, now.
  package var now: Tick { Tick(rawValue: UInt32(truncatingIfNeeded: (Clock.monotonic() &- epoch) / 1_000_000_000)) }

  /// Real time at which `tick` began, in nanoseconds since 1970.
  package func realTime(of tick: Tick) -> UInt64 {
    let age = Clock.monotonic() &- epoch &- UInt64(tick.rawValue) * 1_000_000_000
    return Clock.realTime() &- age
  }

  /// Posts a command and waits until the worker has applied it, between two batches.
  @discardableResult
  package func perform(_ command: Command) async -> Reply {
    await withCheckedContinuation { continuation in
      let posted = mailbox.post(Envelope(command: command) { continuation.resume(returning: $0) })
      if !posted { continuation.resume(returning: .failed(Errno.again)) }
    }
  }

  /// Ends the thread after the batch at hand and waits for it. Once is enough; more does no harm.
  package func stop() {
    guard let running = thread.withLock({ $0.take() }) else { return }
    _ = mailbox.post(Envelope(command: .stop) { _ in })
    running.join()
  }
}
