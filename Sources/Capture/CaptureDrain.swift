// The work of a capture's thread: take frames out of the rings, format them, write them, sleep. Frames that cannot
// be written are counted and dropped, so that the ring always holds the newest.

internal import Glibc
internal import LinuxIO
internal import Synchronization

/// Drains the rings of one capture into its file, until told to stop.
struct CaptureDrain<Format: CaptureFormat>: ~Copyable, Sendable {
  /// How long frames may gather before they are written: fewer, larger writes under load.
  static var napMilliseconds: Int32 { 50 }
  /// How long after a failed write the next one is tried.
  static var retryNanoseconds: UInt64 { 1_000_000_000 }
  /// How long a port is known after it went; its last frames are written much sooner.
  static var rememberedNanoseconds: UInt64 { 60_000_000_000 }

  private let rings: [CaptureRing]
  private var consumers: [RingConsumer]
  private let bell: CaptureBell
  private let registry: InterfaceRegistry
  private let ledger: CaptureLedger
  private var file: CaptureFile
  private var format: Format
  private let report: @Sendable (CaptureState) -> Void
  private var batch = CaptureBatch()

  /// By interface number.
  private var counts: [InterfaceCounts] = []
  private var ports: InterfaceRegistry.Table
  /// The interface number of each handle seen, and the last one asked for.
  private var numbers: [UInt32: UInt32] = [:]
  private var lastHandle: UInt32 = 0
  private var lastNumber: UInt32 = 0
  /// The newest handle the file was told of.
  private var toldHandle: UInt32 = 0
  private let startTime = Clock.realTime()
  /// Not before this monotonic time is a write tried; 0: at once.
  private var retryTime: UInt64 = 0
  /// What the format had declared when the batch began.
  private var declaredBefore = 0

  init(
    rings: [CaptureRing], consumers: [RingConsumer], bell: CaptureBell, registry: InterfaceRegistry,
    ledger: CaptureLedger, file: consuming CaptureFile, format: Format,
    report: @escaping @Sendable (CaptureState) -> Void
  ) {
    self.rings = rings
    self.consumers = consumers
    self.bell = bell
    self.registry = registry
    self.ledger = ledger
    self.file = file
    self.format = format
    self.report = report
    ports = registry.snapshot
  }

  /// Returns when `ledger.stopping` was set and everything published before was written.
  mutating func run() {
    startBatch()
    write()
    while true {
      let stopping = ledger.stopping.load(ordering: .sequentiallyConsistent)
      if stopping { retryTime = 0 }
      let found = drain()
      if stopping { break }
      if found {
        bell.wait(.nap, milliseconds: Self.napMilliseconds) {
          consumers.contains { $0.isFilling } || ledger.stopping.load(ordering: .sequentiallyConsistent)
        }
      } else {
        bell.wait(.deep, milliseconds: -1) {
          consumers.contains { $0.hasMore } || ledger.stopping.load(ordering: .sequentiallyConsistent)
        }
      }
    }
    finish()
  }

  /// Writes what is published now; false if there was nothing.
  private mutating func drain() -> Bool {
    ports = registry.snapshot
    var found = false
    tellNewPorts()
    for index in consumers.indices {
      var consumer = consumers[index]
      consumer.look()
      while let frame = consumer.next() {
        found = true
        take(frame)
        if batch.isFull {
          consumer.release()
          write()
        }
      }
      consumer.release()
      consumers[index] = consumer
    }
    write()
    forgetOldPorts()
    return found
  }

  private mutating func take(_ frame: CapturedFrame) {
    let number = self.number(of: frame)
    if retryTime != 0 {
      guard Clock.monotonic() >= retryTime else {
        counts[Int(number)].lost &+= 1
        ledger.lost.add(1, ordering: .relaxed)
        return
      }
      retryTime = 0
    }
    if batch.isEmpty { startBatch() }
    format.frame(frame, on: number, into: &batch)
  }

  // MARK: interfaces

  private mutating func number(of frame: CapturedFrame) -> UInt32 {
    let handle = frame.interface != 0 ? frame.interface : ports.bySlot[frame.port] ?? 0
    if handle != 0, handle == lastHandle { return lastNumber }
    let number: UInt32
    if handle != 0, let known = numbers[handle] {
      number = known
    } else {
      number = newNumber(handle, slot: frame.port)
    }
    lastHandle = handle
    lastNumber = number
    return number
  }

  /// A port registered since the drain began, or never.
  private mutating func newNumber(_ handle: UInt32, slot: UInt16) -> UInt32 {
    if ports.entries[handle] == nil { ports = registry.snapshot }
    guard let entry = ports.entries[handle != 0 ? handle : ports.bySlot[slot] ?? 0] else {
      return number(of: CaptureInterface(name: "slot\(slot)"))
    }
    let number = number(of: entry.interface)
    if handle != 0 { numbers[handle] = number }
    return number
  }

  private mutating func number(of interface: CaptureInterface) -> UInt32 {
    let number = format.number(of: interface)
    while counts.count <= Int(number) { counts.append(InterfaceCounts()) }
    return number
  }

  /// A file names every port, also one that never sends a frame.
  private mutating func tellNewPorts() {
    guard ports.last != toldHandle else { return }
    toldHandle = ports.last
    for (handle, entry) in ports.entries.sorted(by: { $0.key < $1.key }) where numbers[handle] == nil {
      numbers[handle] = number(of: entry.interface)
    }
    // After an error they are told with the next frame.
    guard retryTime == 0 else { return }
    startBatch()
    format.declare(into: &batch)
    write()
  }

  /// Ports that went so long ago that no frame of theirs can be on its way: keeps what the ring lost of them.
  private mutating func forgetOldPorts() {
    guard !ports.retired.isEmpty else { return }
    let now = Clock.monotonic()
    let gone = ports.retired.filter { now > $0.time &+ Self.rememberedNanoseconds }.map(\.handle)
    guard !gone.isEmpty else { return }
    for handle in gone {
      guard let entry = ports.entries[handle] else { continue }
      countRingLosses(of: entry)
      numbers[handle] = nil
    }
    lastHandle = 0
    registry.forget(gone)
  }

  private mutating func countRingLosses(of entry: InterfaceRegistry.Entry) {
    let now = entry.lostAfter ?? rings.reduce(0) { $0 &+ $1.lost(port: entry.slot) }
    guard now > entry.lostBefore else { return }
    counts[Int(number(of: entry.interface))].lost &+= now &- entry.lostBefore
  }

  // MARK: writing

  private mutating func startBatch() {
    if !file.isWhole() || file.end == 0 {
      format.declared = 0
      format.begin(into: &batch)
    }
    declaredBefore = format.declared
  }

  /// Writes the batch and accounts for every frame in it.
  private mutating func write() {
    guard !batch.isEmpty else { return }
    let outcome = file.append(batch)
    let kept = if case .cut(let kept, _) = outcome { kept } else { batch.count }
    var (frames, octets, lost, declared) = (0 as UInt64, 0 as UInt64, 0 as UInt64, declaredBefore)
    for mark in batch.marks {
      let isKept = mark.end <= kept
      switch mark.kind {
      case .frame where isKept:
        counts[Int(mark.interface)].written &+= 1
        frames &+= 1
        octets &+= UInt64(mark.octets)
      case .frame:
        counts[Int(mark.interface)].lost &+= 1
        lost &+= 1
      case .interface where isKept: declared += 1
      case .interface, .header, .trailer: break
      }
    }
    batch.removeAll()
    format.declared = declared
    ledger.frames.add(frames, ordering: .relaxed)
    ledger.bytes.add(octets, ordering: .relaxed)
    ledger.lost.add(lost, ordering: .relaxed)
    ledger.fileSize.store(UInt64(file.end), ordering: .relaxed)
    switch outcome {
    case .written: note(file.isDeleted ? .deleted : .writing)
    case .cut(_, let error):
      retryTime = Clock.monotonic() &+ Self.retryNanoseconds
      note(error.isLackOfSpace ? .full(error.reason) : .failed("\(error)"))
    }
  }

  private func note(_ state: CaptureState) {
    if ledger.note(state) { report(state) }
  }

  /// The statistics of each interface, as far as there is space.
  private mutating func finish() {
    ports = registry.snapshot
    for entry in ports.entries.values { countRingLosses(of: entry) }
    startBatch()
    format.end(counts: counts, from: startTime, to: Clock.realTime(), into: &batch)
    write()
    note(.stopped)
  }
}

extension SystemError {
  /// No space on the device, no quota left, a limit on the size of files: may pass.
  var isLackOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
}
