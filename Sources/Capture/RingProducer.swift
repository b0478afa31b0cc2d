// The frame path's side of a capture ring. Copies a frame, counts what does not fit, wakes the capture's thread once
// a batch if it sleeps. It must not allocate, count references, call the kernel for a frame, or wait.

internal import Synchronization

/// Records frames into a `CaptureRing`. One thread at a time uses it; it may move between threads.
@safe
package struct RingProducer: ~Copyable, @unchecked Sendable {
  /// These keep the memory alive; not touched while recording.
  private let ring: CaptureRing
  private let bell: CaptureBell
  private let memory: UnsafeMutableRawPointer
  private let published: UnsafeMutablePointer<Atomic<UInt64>>
  private let released: UnsafeMutablePointer<Atomic<UInt64>>
  private let lostTotal: UnsafeMutablePointer<Atomic<UInt64>>
  private let lostByPort: UnsafeMutablePointer<Atomic<UInt64>>
  private let sleep: UnsafeMutablePointer<Atomic<UInt32>>
  private let capacity: Int
  private let snapLength: Int
  private let wakeMark: UInt64
  /// Where the next entry goes.
  private var position: UInt64
  /// The end of what was last published.
  private var publishedEnd: UInt64
  /// What is known of the consumer's progress; read anew only when it seems full.
  private var knownRelease: UInt64

  init(ring: CaptureRing) {
    self.ring = ring
    bell = ring.bell
    unsafe memory = ring.memory
    unsafe published = ring.published
    unsafe released = ring.released
    unsafe lostTotal = ring.lostTotal
    unsafe lostByPort = ring.lostByPort
    unsafe sleep = ring.bell.state
    capacity = ring.capacity
    snapLength = ring.snapLength
    wakeMark = ring.wakeMark
    unsafe position = ring.published.pointee.load(ordering: .acquiring)
    publishedEnd = position
    unsafe knownRelease = ring.released.pointee.load(ordering: .acquiring)
  }

  deinit { ring.giveBackProducer() }

  /// Copies one frame into the ring, unseen by the consumer until `publish`.
  /// - Parameters:
  ///   - port: the slot of the port.
  ///   - interface: what `FileCapture.register` returned for the port; nil: what is registered for the slot when
  ///     the frame is written.
  ///   - timestamp: nanoseconds since 1970-01-01T00:00:00Z.
  ///   - length: octets of the frame, without FCS and offload header.
  ///   - bytes: the frame or its beginning; at most `snapLength` octets are copied.
  ///   - verdict: the data plane's own encoding, handed through to the reader.
  /// - Returns: false if the ring is full; the frame is then counted as lost.
  @discardableResult
  package mutating func record(
    port: UInt16, interface: UInt32?, timestamp: UInt64, length: Int, bytes: UnsafeRawBufferPointer,
    direction: CaptureDirection = .inbound, verdict: UInt64 = 0
  ) -> Bool {
    let captured = min(bytes.count, snapLength)
    let size = RingEntry.size(captured: captured)
    var offset = Int(truncatingIfNeeded: position) & (capacity &- 1)
    // An entry does not wrap: what is left at the end of the memory is passed over.
    let left = capacity &- offset
    let filler = left < size ? left : 0
    let end = position &+ UInt64(truncatingIfNeeded: filler &+ size)
    if end &- knownRelease > UInt64(truncatingIfNeeded: capacity) {
      unsafe knownRelease = released.pointee.load(ordering: .acquiring)
      guard end &- knownRelease <= UInt64(truncatingIfNeeded: capacity) else {
        lose(port)
        return false
      }
    }
    if filler != 0 {
      unsafe memory.storeBytes(of: UInt32(truncatingIfNeeded: filler), toByteOffset: offset, as: UInt32.self)
      unsafe memory.storeBytes(of: 1, toByteOffset: offset &+ 4, as: UInt32.self)
      offset = 0
    }
    let entry = RingEntry(
      size: UInt32(truncatingIfNeeded: size), isFiller: 0, timestamp: timestamp, length: UInt32(clamping: length),
      captured: UInt32(truncatingIfNeeded: captured), interface: interface ?? 0, port: port,
      direction: direction.rawValue, reserved: 0, verdict: verdict)
    unsafe memory.storeBytes(of: entry, toByteOffset: offset, as: RingEntry.self)
    if captured > 0, let source = bytes.baseAddress {
      unsafe (memory + offset + RingEntry.headerSize).copyMemory(from: source, byteCount: captured)
    }
    position = end
    return true
  }

  /// Makes what was recorded visible, and wakes the consumer if it sleeps. Once a batch; without new frames it does
  /// nothing.
  package mutating func publish() {
    guard position != publishedEnd else { return }
    publishedEnd = position
    unsafe published.pointee.store(position, ordering: .sequentiallyConsistent)
    let depth = unsafe sleep.pointee.load(ordering: .sequentiallyConsistent)
    guard depth != CaptureBell.Sleep.none.rawValue else { return }
    if depth == CaptureBell.Sleep.nap.rawValue {
      unsafe knownRelease = released.pointee.load(ordering: .acquiring)
      guard position &- knownRelease >= wakeMark else { return }
    }
    let before = unsafe sleep.pointee.exchange(CaptureBell.Sleep.none.rawValue, ordering: .sequentiallyConsistent)
    if before != CaptureBell.Sleep.none.rawValue { bell.ring() }
  }

  /// The only writer of these counts, hence load and store instead of a locked addition.
  @inline(never)
  private func lose(_ port: UInt16) {
    let total = unsafe lostTotal.pointee.load(ordering: .relaxed)
    unsafe lostTotal.pointee.store(total &+ 1, ordering: .relaxed)
    let ofPort = unsafe lostByPort[Int(port)].load(ordering: .relaxed)
    unsafe lostByPort[Int(port)].store(ofPort &+ 1, ordering: .relaxed)
  }
}
