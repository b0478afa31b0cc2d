// The front of the last frame that each port lost for each reason, for people who ask why. Written where a drop is
// counted, by whichever worker counts it; read by control at any time. Nobody waits: a writer that meets another leaves
// it the place.

package import BridgeCore
internal import Synchronization

/// A frame that went nowhere.
package struct LastFrame: Sendable, Equatable {
  /// The first octets from the destination address on, at most `LastFrames.limit`; as received, or in the form in which
  /// it was to leave.
  package let bytes: [UInt8]
  /// Octets of the whole frame.
  package let length: Int
  /// When it was dropped: nanoseconds since 1970.
  package let time: UInt64

  package init(bytes: [UInt8], length: Int, time: UInt64) {
    self.bytes = bytes
    self.length = length
    self.time = time
  }
}

/// A place of two cache lines for each port and reason, in one mapping of which only used pages are resident. A handle;
/// the memory belongs to `Counters`.
///
/// Each place is guarded by a sequence number as in a seqlock: odd while it is written, 0 when nothing is in it. All
/// words are atomic, so that a torn frame can be read but is always recognised.
@safe
package struct LastFrames: @unchecked Sendable, BitwiseCopyable {
  /// Octets kept of a frame.
  package static var limit: Int { 96 }
  /// Sequence number, time, length; then the octets, in the byte order of memory.
  private static var front: Int { 3 }
  private static var stride: Int { 16 }
  /// How often a reader looks again when a writer comes in between.
  private static var attempts: Int { 64 }

  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let slots: Int

  init(slots: Int) throws(PageMemoryError) {
    self.slots = slots
    let memory = try unsafe mapPages(LastFrames.size(slots))
    // All-zero bytes are the value 0 of an Atomic<UInt64>.
    unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: LastFrames.size(slots) / 8)
  }

  func deallocate() { unsafe unmapPages(UnsafeMutableRawPointer(words), LastFrames.size(slots)) }

  private static func size(_ slots: Int) -> Int { slots * DropReason.count * stride * 8 }

  private func place(_ port: PortIndex, _ reason: DropReason) -> UnsafeMutablePointer<Atomic<UInt64>> {
    precondition(port.slot < slots)
    return unsafe words + (port.slot &* DropReason.count &+ Int(reason.rawValue)) &* LastFrames.stride
  }

  /// Keeps the front of a frame, instead of the one before. Does nothing while another worker is at it: that frame is
  /// as good.
  /// - Parameters:
  ///   - frame: from its destination address on.
  ///   - time: nanoseconds since 1970.
  func note(_ frame: UnsafeRawBufferPointer, _ reason: DropReason, on port: PortIndex, at time: UInt64) {
    let place = unsafe place(port, reason)
    let sequence = unsafe place.pointee.load(ordering: .relaxed)
    guard sequence & 1 == 0,
      unsafe place.pointee.compareExchange(
        expected: sequence, desired: sequence &+ 1, successOrdering: .acquiring, failureOrdering: .relaxed
      ).exchanged
    else { return }
    atomicMemoryFence(ordering: .releasing)
    unsafe (place + 1).pointee.store(time, ordering: .relaxed)
    unsafe (place + 2).pointee.store(UInt64(frame.count), ordering: .relaxed)
    let count = min(frame.count, LastFrames.limit)
    var offset = 0
    while offset &+ 8 <= count {
      let word = unsafe frame.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      unsafe (place + (LastFrames.front &+ offset / 8)).pointee.store(word, ordering: .relaxed)
      offset &+= 8
    }
    if offset < count {
      var word: UInt64 = 0
      for index in offset..<count { word |= UInt64(unsafe frame[index]) &<< UInt64(8 &* (index &- offset)) }
      unsafe (place + (LastFrames.front &+ offset / 8)).pointee.store(word.littleEndian, ordering: .relaxed)
    }
    unsafe place.pointee.store(sequence &+ 2, ordering: .releasing)
  }

  /// What is kept; nil where no frame was lost for that reason, or where frames are lost faster than one can be read.
  package func read(_ port: PortIndex, _ reason: DropReason) -> LastFrame? {
    guard port.slot < slots else { return nil }
    let place = unsafe place(port, reason)
    for _ in 0..<LastFrames.attempts {
      let before = unsafe place.pointee.load(ordering: .acquiring)
      if before == 0 { return nil }
      guard before & 1 == 0 else { continue }
      let frame = unsafe copy(place)
      atomicMemoryFence(ordering: .acquiring)
      if unsafe place.pointee.load(ordering: .relaxed) == before { return frame }
    }
    return nil
  }

  private func copy(_ place: UnsafeMutablePointer<Atomic<UInt64>>) -> LastFrame {
    let time = unsafe (place + 1).pointee.load(ordering: .relaxed)
    let length = Int(truncatingIfNeeded: unsafe (place + 2).pointee.load(ordering: .relaxed))
    let count = min(max(0, length), LastFrames.limit)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in 0..<count {
      let word = unsafe (place + (LastFrames.front + index / 8)).pointee.load(ordering: .relaxed).littleEndian
      bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * (index % 8))))
    }
    return LastFrame(bytes: bytes, length: length, time: time)
  }

  /// Forgets a frame, for a slot that gets another port; nobody may count for it at that time.
  func clear(_ port: PortIndex, _ reason: DropReason) {
    unsafe place(port, reason).pointee.store(0, ordering: .relaxed)
  }
}
