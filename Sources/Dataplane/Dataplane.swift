// The data plane as control sees it: worker threads, asked by commands, read by counters and table reader.

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
  /// Threads over which the ports are spread, 1 to `workerLimit`.
  package var workers: Int
  /// How long a worker looks for the next frame before it sleeps, at the most: nanoseconds, 0 for not at all.
  package var spin: UInt64

  package static var workerLimit: Int { 64 }

  package init(tableSize: Int, ageing: UInt32, forwardReserved: Bool, seed: UInt64, workers: Int = 1, spin: UInt64 = 0)
  {
    self.tableSize = tableSize
    self.ageing = ageing
    self.forwardReserved = forwardReserved
    self.seed = seed
    self.workers = min(max(1, workers), DataplaneConfiguration.workerLimit)
    self.spin = spin
  }
}

/// A running data plane. `stop` ends its threads; before that, let go of `table`.
///
/// Every worker knows every port and writes to any of them; each port is read by one, so that the frames of a source
/// stay in order. The first worker alone writes the forwarding table; the others tell it what they hear.
package final class Dataplane: Sendable {
  /// What each port counted. Slots are those of `PortIndex`.
  package let counters: Counters
  /// Not to be used after `stop`.
  package let table: ForwardingTable.Reader
  /// Monotonic nanoseconds at which tick 0 began.
  private let epoch: UInt64
  private let crew: WorkerCrew

  /// Starts the threads; they have no ports yet.
  /// - Parameters:
  ///   - notify: called on a worker's thread, as when a port fails; must not wait.
  ///   - observe: called on a thread of its own with what came together, never with nothing; may take its time: what
  ///     does not fit meanwhile is left out, and of events it is counted how many. nil: nobody listens, and there is no
  ///     thread.
  package init(
    _ configuration: DataplaneConfiguration, capture: FileCapture?, notify: @escaping @Sendable (Notice) -> Void,
    observe: (@Sendable (Observations) -> Void)? = nil
  ) throws {
    let counters = try Counters(slots: PortIndex.limit, workers: configuration.workers)
    epoch = Clock.monotonic()
    var bridge = Bridge(capacity: configuration.tableSize, ageing: configuration.ageing, seed: configuration.seed)
    bridge.setForwardReserved(configuration.forwardReserved)
    table = bridge.reader
    self.counters = counters
    crew = try WorkerCrew(
      size: configuration.workers, spin: configuration.spin, bridge: bridge, counters: counters, epoch: epoch,
      producer: { capture?.makeProducer(worker: $0) }, notify: notify,
      observer: try observe.map { try Observer(workers: configuration.workers, $0) })
  }

  deinit { stop() }

  /// How many threads forward.
  package var workers: Int { crew.size }

  /// The front of the last frame that was lost on a port for a reason; nil where none was since the port is there.
  package func lastFrame(of port: PortIndex, _ reason: DropReason) -> LastFrame? {
    counters.lastFrames.read(port, reason)
  }

  /// The clock of the forwarding table, now.
  package var now: Tick { Tick(rawValue: UInt32(truncatingIfNeeded: (Clock.monotonic() &- epoch) / 1_000_000_000)) }

  /// Real time at which `tick` began, in nanoseconds since 1970.
  package func realTime(of tick: Tick) -> UInt64 {
    let age = Clock.monotonic() &- epoch &- UInt64(tick.rawValue) * 1_000_000_000
    return Clock.realTime() &- age
  }

  /// Posts a command and waits until every worker that it concerns has applied it, between two batches.
  @discardableResult
  package func perform(_ command: Command) async -> Reply { await crew.perform(command) }

  /// Ends the threads after the batch at hand and waits for them. Once is enough; more does no harm.
  package func stop() { crew.stop() }
}
