// What a worker knows of each port: its descriptor, its limits, its budget. Plain bits in one array.

internal import BridgeCore
internal import LinuxIO

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
  /// The most that a frame may ask of it, an `EgressForm`.
  var takes = EgressForm.segmented.rawValue
  /// Frames of one flow may be joined on their way to it.
  var merges = false
  /// Datagrams too.
  var mergesDatagrams = false
  /// Frames may go out: the port is on and its device is there.
  var transmits = false
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
  let count: Int

  init(count: Int, counters: Counters, worker: Int = 0) {
    self.count = count
    unsafe slots = .allocate(capacity: count)
    for index in 0..<count {
      let block = unsafe counters.block(
        of: PortIndex(rawValue: UInt16(truncatingIfNeeded: index)), worker: worker)
      unsafe (slots + index).initialize(to: PortSlot(counters: block))
    }
  }

  deinit { unsafe slots.deallocate() }

  /// The slot of `port`; every index that reaches a worker was handed out below `count`.
  @inline(__always)
  subscript(_ port: PortIndex) -> UnsafeMutablePointer<PortSlot> {
    precondition(port.slot < count)
    return unsafe slots + port.slot
  }
}
