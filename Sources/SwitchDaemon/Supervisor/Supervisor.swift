// The control side of a running switch: owns the configuration and every port's life, asks the data plane for what it
// wants, and answers the API. It never touches a frame.

internal import BridgeCore
package import Capture
package import Dataplane
internal import LinuxIO
package import Logging
internal import Stations
package import SwitchModel

/// The running switch.
package actor Supervisor {
  var configuration: SwitchConfiguration
  /// What the configuration file holds, as far as we know; nil without a file.
  var saved: SwitchConfiguration?
  /// Where the configuration came from.
  let source: ConfigurationSource
  /// Where `config save` writes.
  var path: String? { source.path }
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
  /// Who is in which VLAN, who is up, who reaches whom.
  var vlanPlan = VLANPlan()
  /// What ports that are gone had counted: the ledger of the whole switch holds with it.
  var retired = CounterSnapshot()
  var lastLook: (time: UInt64, counters: PortCounters)?
  var movedCache: (tick: Tick, moves: [MoveKey: Int])?
  package nonisolated let eventHub: EventHub
  nonisolated let observations: ObservationBox
  /// When `observations` were last looked at, monotonic nanoseconds.
  var lastObserved: UInt64 = 0
  var addressBook = AddressBook()
  var moveWatch = MoveWatch()
  var probe = LoopProbe(secret: UInt128.random(in: 0...UInt128.max))
  /// Sends probes while a port is up that asks for it.
  var prober: Task<Void, Never>?
  /// Until when it sleeps, monotonic nanoseconds, and which of those that there were it is.
  var proberDue = UInt64.max
  var proberRound = 0
  /// When a loop through a port without `loop_probe` is next worth a word, monotonic nanoseconds.
  var loopWarnings: [PortIndex: UInt64] = [:]
  /// What is put back unless it is confirmed.
  var pending: PendingChange?
  /// A configuration is being applied.
  var isApplying = false
  /// Where clients come in; nil until the API is served.
  var listeners: (any ControlListeners)?
  /// Where the table is kept while the switch is stopped; nil: nowhere.
  let stateFile: TableStateFile?
  private var lock = AsyncLock()
  private(set) var monitor: LinkMonitor?
  private var listening: Task<Void, Never>?
  let events: SupervisorEvents

  package init(
    _ configuration: SwitchConfiguration, saved: SwitchConfiguration?, source: ConfigurationSource,
    dataplane: Dataplane, capture: FileCapture?, events: SupervisorEvents, observations: ObservationBox,
    stateFile: TableStateFile?, logger: Logger
  ) {
    self.configuration = configuration
    self.saved = saved
    self.source = source
    self.dataplane = dataplane
    self.capture = capture
    self.events = events
    self.observations = observations
    self.stateFile = stateFile
    self.logger = logger
    eventHub = EventHub(logger: logger)
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
    await dataplane.perform(.setProbeSource(probe.source))
    for port in configuration.ports {
      addRecord(port)
      await join(port.name)
    }
    for port in configuration.ports {
      do throws(PortError) {
        try await attach(port.name, create: true, joining: false)
      } catch {
        unmake()
        throw Problem(error, port: port.name)
      }
    }
    await updateUp()
    for entry in configuration.entries { _ = await put(entry) }
    await restoreTable()
    for record in ordered where !record.isUp { announce(record.configuration.name) }
    let stream = events.stream
    listening = Task { [weak self] in
      for await event in stream { await self?.handle(event) }
    }
  }

  /// Ends all ports and the data plane. Devices without `persist` go.
  package func stop() async {
    await acquire()
    listening?.cancel()
    prober?.cancel()
    pending?.timer.cancel()
    monitor?.stop()
    saveTable()
    dataplane.stop()
    capture?.stop()
    close(records.values.compactMap(\.device), others: true)
    records = [:]
  }

  /// After a failed start: devices made just now go, all others stay as they were found.
  private func unmake() {
    monitor?.stop()
    dataplane.stop()
    let devices = records.values.compactMap(\.device)
    for device in devices where !device.created { device.close(removing: false) }
    close(devices.filter(\.created), others: false)
    records = [:]
  }

  /// - Parameter others: as for `TapDevice.closeAll`.
  private func close(_ devices: [any PortDevice], others: Bool) {
    for device in devices where !(device is TapDevice) { device.close(removing: false) }
    TapDevice.closeAll(devices.compactMap { $0 as? TapDevice }, others: others)
  }

  /// From now on clients come in there.
  package func serve(on listeners: any ControlListeners) { self.listeners = listeners }

  // MARK: one change at a time

  func acquire() async {
    if lock.tryTake() { return }
    await withCheckedContinuation { lock.queue($0) }
  }

  func release() { lock.give() }

  /// Begins a change that somebody asked for: no other one runs, and none waits to be confirmed.
  /// To be ended by `release`.
  func beginChange() async throws(Problem) {
    if isApplying { throw ChangeProblem.busy }
    await acquire()
    if let pending {
      release()
      throw ChangeProblem.pending(secondsLeft: pending.secondsLeft)
    }
  }

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
