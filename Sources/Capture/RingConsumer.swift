// The capture thread's side of a ring: reads entries in place and gives their memory back.

internal import Synchronization

/// Reads frames out of a `CaptureRing`. There is one for each ring, used by one thread; a copy of it must not be used.
@safe
package struct RingConsumer: @unchecked Sendable {
  private let ring: CaptureRing
  /// The next entry to read.
  private var position: UInt64
  /// The end of what `next` returns.
  private var end: UInt64

  init(ring: CaptureRing) {
    self.ring = ring
    unsafe position = ring.released.pointee.load(ordering: .acquiring)
    end = position
  }

  /// Something was published that `next` has not returned yet.
  package var hasMore: Bool { unsafe ring.published.pointee.load(ordering: .sequentiallyConsistent) != position }

  /// So much waits that it is to be read at once.
  package var isFilling: Bool {
    unsafe ring.published.pointee.load(ordering: .sequentiallyConsistent) &- position >= ring.wakeMark
  }

  /// Looks how far the producer has come; `next` returns what was published until now, and no more.
  package mutating func look() { unsafe end = ring.published.pointee.load(ordering: .acquiring) }

  /// The next frame, in place, or nil at the end of what `look` saw. Its bytes stay until `release`.
  package mutating func next() -> CapturedFrame? {
    while position != end {
      let offset = Int(truncatingIfNeeded: position) & (ring.capacity &- 1)
      let size = unsafe ring.memory.load(fromByteOffset: offset, as: UInt32.self)
      position &+= UInt64(size)
      guard unsafe ring.memory.load(fromByteOffset: offset &+ 4, as: UInt32.self) == 0 else { continue }
      let entry = unsafe ring.memory.load(fromByteOffset: offset, as: RingEntry.self)
      return unsafe CapturedFrame(
        timestamp: entry.timestamp, length: entry.length, port: entry.port, interface: entry.interface,
        direction: CaptureDirection(rawValue: entry.direction) ?? .unknown, verdict: entry.verdict,
        bytes: UnsafeRawBufferPointer(
          start: ring.memory + offset + RingEntry.headerSize, count: Int(entry.captured)))
    }
    return nil
  }

  /// Gives the memory of everything `next` has returned back to the producer.
  package func release() { unsafe ring.released.pointee.store(position, ordering: .releasing) }
}
