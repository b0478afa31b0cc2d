// The stage between the frame path and a capture's thread: a byte ring for one producer and one consumer.
// Memory, positions and counts only; who may write is in RingProducer, who reads in RingConsumer.
// It must never block, and a frame that does not fit is counted and lost.

internal import Glibc
package import LinuxIO
internal import Synchronization

/// The memory of a single-producer, single-consumer ring of captured frames.
///
/// Positions count octets since the start and never wrap (64 bits); the place in memory is the position modulo the
/// capacity. The memory is anonymous and touched only as far as it was used.
@safe
package final class CaptureRing: @unchecked Sendable {
  /// 16 MiB: 13 ms of 10 Gbit/s.
  package static let defaultCapacity = 16 << 20
  /// Holds the largest frame a switch can see, 65,549 octets (64 KiB of IP and its layer-2 header), and is what
  /// tcpdump writes and accepts at the most.
  package static let defaultSnapLength = 262_144

  /// Octets of ring memory, a power of two.
  package let capacity: Int
  /// The most octets of one frame that are kept.
  package let snapLength: Int
  /// Octets in the ring from which a napping consumer is woken.
  let wakeMark: UInt64
  let bell: CaptureBell

  let memory: UnsafeMutableRawPointer
  /// The end of what the consumer may read. Written by the producer.
  let published: UnsafeMutablePointer<Atomic<UInt64>>
  /// Frames that did not fit. Written by the producer.
  let lostTotal: UnsafeMutablePointer<Atomic<UInt64>>
  /// The end of what the producer may overwrite. Written by the consumer.
  let released: UnsafeMutablePointer<Atomic<UInt64>>
  /// The same losses by slot of the port, for each value of `UInt16`. Written by the producer.
  let lostByPort: UnsafeMutablePointer<Atomic<UInt64>>

  private let mapping: UnsafeMutableRawPointer
  private let mappingSize: Int
  private let producerTaken = Atomic<Bool>(false)
  private let consumerTaken = Atomic<Bool>(false)

  /// In front of the ring: a cache line pair for each side, then the losses by port.
  private static let consumerOffset = 128
  private static let lossOffset = 4096
  private static let portCount = Int(UInt16.max) + 1
  private static let memoryOffset = lossOffset + portCount * 8

  /// - Parameters:
  ///   - capacity: octets; rounded up to a power of two that holds several frames of `snapLength`, at most 1 GiB.
  ///   - snapLength: 1 to 262144; 0 or more means 262144.
  package init(
    capacity: Int = CaptureRing.defaultCapacity, snapLength: Int = CaptureRing.defaultSnapLength, bell: CaptureBell
  ) throws(SystemError) {
    let kept = CaptureRing.effective(snapLength: snapLength)
    let wanted = min(max(capacity, 4 * RingEntry.size(captured: kept), 65536), 1 << 30)
    var size = 65536
    while size < wanted { size *= 2 }
    let total = CaptureRing.memoryOffset + size
    let base = unsafe mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      throw SystemError("mmap", code: errno, detail: "\(total) octets for a capture ring")
    }
    // Other people's traffic has no place in a core dump.
    _ = unsafe madvise(base, total, MADV_DONTDUMP)
    self.capacity = size
    self.snapLength = kept
    self.wakeMark = UInt64(size / 4)
    self.bell = bell
    unsafe mapping = base
    mappingSize = total
    // Fresh anonymous memory is zero, which is the representation of an atomic zero.
    unsafe published = base.bindMemory(to: Atomic<UInt64>.self, capacity: 2)
    unsafe lostTotal = published + 1
    unsafe released = (base + CaptureRing.consumerOffset).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    unsafe lostByPort = (base + CaptureRing.lossOffset)
      .bindMemory(to: Atomic<UInt64>.self, capacity: CaptureRing.portCount)
    unsafe memory = base + CaptureRing.memoryOffset
  }

  deinit { _ = unsafe munmap(mapping, mappingSize) }

  /// What a wish for a snap length means: none (0) and what is beyond the file formats' limit is that limit.
  package static func effective(snapLength: Int) -> Int {
    (1...defaultSnapLength).contains(snapLength) ? snapLength : defaultSnapLength
  }

  /// Frames lost because the ring was full. Any thread.
  package var lost: UInt64 { unsafe lostTotal.pointee.load(ordering: .relaxed) }

  /// Those of them that came from the port in `slot`, over all ports it ever held. Any thread.
  package func lost(port slot: UInt16) -> UInt64 { unsafe lostByPort[Int(slot)].load(ordering: .relaxed) }

  /// Octets recorded and not yet released by the consumer. Any thread; a moment old.
  package var used: UInt64 {
    let end = unsafe published.pointee.load(ordering: .acquiring)
    let start = unsafe released.pointee.load(ordering: .acquiring)
    return end &- min(start, end)
  }

  /// The writing side, or nil while another one lives. Hand it to the one thread that records.
  package func makeProducer() -> RingProducer? {
    guard producerTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return nil }
    return RingProducer(ring: self)
  }

  /// The reading side, or nil if it was made already.
  package func makeConsumer() -> RingConsumer? {
    guard consumerTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
    else { return nil }
    return RingConsumer(ring: self)
  }

  func giveBackProducer() { producerTaken.store(false, ordering: .releasing) }
}
