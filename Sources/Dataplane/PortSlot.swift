// What a worker knows of each port: its descriptor, its limits, its budget. Plain bits in one array.

internal import BridgeCore
internal import LinuxIO

/// Whether frames may go out to a port.
enum Gate: UInt8, BitwiseCopyable {
  /// No: it is off, its device is gone, or there is none.
  case shut
  /// As many as `PortAside.output` lets pass.
  case limited
  case open
}

/// What a worker keeps of a port apart from its slot, because few ports need it. All-zero bytes are a port that needs
/// nothing.
struct PortAside: BitwiseCopyable {
  /// Meaningful where `PortSlot.polices`.
  var policer: Policer
  /// Meaningful where `PortSlot.gate` is `limited`.
  var output: OutputRate
  /// Frames shown to the observer.
  var seen: Allowance
  /// The switch's own probes handed to control.
  var probes: Allowance
  /// Control was told that a limit of the port drops frames; not again before this tick.
  var quietUntil = Tick(rawValue: 0)

  /// For another port in the slot. An `OutputRate` that is not set equals none.
  mutating func forget() {
    output = OutputRate()
    quietUntil = Tick(rawValue: 0)
  }
}

/// How many of something were let pass in the present second.
struct Allowance: BitwiseCopyable {
  private var tick: UInt32 = 0
  private var used: UInt32 = 0

  init() {}

  /// Whether one more may pass.
  mutating func takes(atMost limit: UInt32, at now: Tick) -> Bool {
    if tick != now.rawValue {
      tick = now.rawValue
      used = 0
    }
    guard used < limit else { return false }
    used &+= 1
    return true
  }
}

/// One slot of a worker's port table.
@unsafe
struct PortSlot: BitwiseCopyable {
  /// Descriptor -1: nobody here.
  var io = PortIO(descriptor: -1)
  var counters: CounterBlock
  /// Largest payload behind Ethernet header and tags, in octets.
  var mtu: Int32 = 0
  /// The VLAN that leaves without a tag; 0 for none.
  var native: UInt16 = 0
  /// The TPID of the tags that leave.
  var tpid: UInt16 = 0x8100
  /// The TPID by which a VLAN tag is known here; for a port at which every tag is payload no number that a frame can
  /// bear.
  var tagType: UInt32 = 0x8100
  /// The most that a frame may ask of it, an `EgressForm`.
  var takes = EgressForm.segmented.rawValue
  /// Frames of one flow may be joined on their way to it.
  var merges = false
  /// Datagrams too.
  var mergesDatagrams = false
  /// Whether frames may go out.
  var gate = Gate.shut
  /// There is a limit of what comes in.
  var polices = false
  /// A guard has dropped a frame, and control was told.
  var tripped = false
  /// This worker is the one that reads the port.
  var reads = false
  /// The poller reports the descriptor.
  var watched = false
  /// It could not be read any more: left alone until it is attached anew.
  var failed = false
  /// Which attachment of this slot: an event or notice of an earlier one is stale.
  var serial: UInt32 = 0
  /// What the capture of received frames knows the port as; 0 without one.
  var handle: UInt32 = 0
  /// How many sources it may still have told to the teacher in this round.
  var lessons: Int32 = 0
  /// What the port may still cause in this round, in units of about a quarter microsecond; negative after a frame
  /// that cost more than was left.
  var deficit: Int32 = 0

  var isAttached: Bool { unsafe io.descriptor >= 0 }
}

/// All slots of a worker.
@safe
struct PortTable: ~Copyable {
  private let slots: UnsafeMutablePointer<PortSlot>
  private let asides: UnsafeMutablePointer<PortAside>
  let count: Int
  /// What all workers share.
  let lastFrames: LastFrames
  let clocks: OutputClocks

  init(count: Int, counters: Counters, clocks: OutputClocks, worker: Int = 0) throws(PageMemoryError) {
    self.count = count
    self.clocks = clocks
    lastFrames = counters.lastFrames
    let memory = try unsafe mapPages(count * MemoryLayout<PortAside>.stride)
    unsafe asides = memory.bindMemory(to: PortAside.self, capacity: count)
    unsafe slots = .allocate(capacity: count)
    for index in 0..<count {
      let block = unsafe counters.block(
        of: PortIndex(rawValue: UInt16(truncatingIfNeeded: index)), worker: worker)
      unsafe (slots + index).initialize(to: PortSlot(counters: block))
    }
  }

  deinit {
    unsafe slots.deallocate()
    unsafe unmapPages(UnsafeMutableRawPointer(asides), count * MemoryLayout<PortAside>.stride)
  }

  /// The slot of `port`; every index that reaches a worker was handed out below `count`.
  @inline(__always)
  subscript(_ port: PortIndex) -> UnsafeMutablePointer<PortSlot> {
    precondition(port.slot < count)
    return unsafe slots + port.slot
  }

  /// What stands beside the slot of `port`.
  func aside(_ port: PortIndex) -> UnsafeMutablePointer<PortAside> {
    precondition(port.slot < count)
    return unsafe asides + port.slot
  }
}
