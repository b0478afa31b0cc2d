// The control side of a running switch: owns the configuration and every port's life, asks the data plane for what it
// wants, and answers the API. It never touches a frame.

internal import BridgeCore
package import Capture
package import Dataplane
internal import LinuxIO
package import Logging
package import SwitchModel

/// The running switch.
package actor Supervisor {
  var configuration: SwitchConfiguration
  /// What the configuration file holds, as far as we know; nil without a file.
  var saved: SwitchConfiguration?
  /// Where `config save` writes.
  let path: String?
  let dataplane: Dataplane
  let capture: FileCapture?
  let logger: Logger
  let machine = machineIdentity()
  let started = Clock.monotonic()

  var records: [String: PortRecord] = [:]
  /// Free slots below `nextSlot`, lowest first when sorted.
  private var freeSlots: Set<UInt16> = []
  private var nextSlot: UInt16 = 0
  private var nextID = 1
  private var nextSerial: UInt32 = 1
  var flood = FloodPlan()
  /// What ports that are gone had counted: the ledger of the whole switch holds with it.
  var retired = CounterSnapshot()
  var lastLook: (time: UInt64, counters: PortCounters)?
  var movedCache: (tick: Tick, moves: [MoveKey: Int])?
  private var lock = AsyncLock()
  private(set) var monitor: LinkMonitor?
  private var listening: Task<Void, Never>?
  let events: SupervisorEvents

  package init(
    _ configuration: SwitchConfiguration, saved: SwitchConfiguration?, path: String?, dataplane: Dataplane,
    capture: FileCapture?, events: SupervisorEvents, logger: Logger
  ) {
    self.configuration = configuration
    self.saved = saved
    self.path = path
    self.dataplane = dataplane
    self.capture = capture
    self.events = events
    self.logger = logger
  }

  /// Starts all ports of the configuration. A port that lacks its device or namespace waits.
  /// - Throws: the first setting or right that can never work; what was made is unmade before.
  package func start() async throws(Problem) {
    do {
      let sink = events
      monitor = try LinkMonitor { sink.yield(.link($0)) }
    } catch {
      throw Problem(kind: "system", title: "Cannot watch network interfaces", status: 500, detail: "\(error)")
    }
    await flood.install(in: dataplane)
    for port in configuration.ports { addRecord(port) }
    for port in configuration.ports {
      do throws(PortError) {
        try await attach(port.name, create: true, joining: false)
      } catch {
        unmake()
        throw Problem(error, port: port.name)
      }
    }
    await updateFlood()
    for entry in configuration.entries { _ = await put(entry) }
    let stream = events.stream
    listening = Task { [weak self] in
      for await event in stream { await self?.handle(event) }
    }
  }

  /// Ends all ports and the data plane. Devices without `persist` go.
  package func stop() async {
    await acquire()
    listening?.cancel()
    monitor?.stop()
    dataplane.stop()
    capture?.stop()
    TapDevice.closeAll(records.values.compactMap(\.device))
    records = [:]
  }

  /// After a failed start: devices made just now go, all others stay as they were found.
  private func unmake() {
    monitor?.stop()
    dataplane.stop()
    let devices = records.values.compactMap(\.device)
    for device in devices where !device.created { device.close(removing: false) }
    TapDevice.closeAll(devices.filter(\.created))
    records = [:]
  }

  // MARK: one change at a time

  func acquire() async {
    if lock.tryTake() { return }
    await withCheckedContinuation { lock.queue($0) }
  }

  func release() { lock.give() }

  // MARK: slots

  /// Gives a port its slot. The caller has checked that there is one: the configuration holds no more ports.
  func addRecord(_ port: PortConfiguration) {
    let slot: UInt16
    if let free = freeSlots.min() {
      freeSlots.remove(free)
      slot = free
    } else {
      slot = nextSlot
      nextSlot += 1
    }
    let index = PortIndex(rawValue: slot)
    dataplane.counters.reset(index)
    var record = PortRecord(configuration: port, id: nextID, index: index)
    record.watch = monitor?.watch(record.namespace)
    records[port.name] = record
    nextID += 1
  }

  func freeSlot(_ index: PortIndex) { freeSlots.insert(index.rawValue) }

  func newSerial() -> UInt32 {
    defer { nextSerial &+= 1 }
    return nextSerial
  }

  /// All ports in the order of their identifiers.
  var ordered: [PortRecord] { records.values.sorted { $0.id < $1.id } }

  func name(of index: PortIndex) -> String? { records.values.first { $0.index == index }?.configuration.name }
}
