// The bytes of one write, as whole records in one buffer. Knows where each record ends, so that a write which got
// only half way can be cut back to the last whole one.
//
// Frames are copied here rather than gathered by the kernel from the ring: ext4 takes one large piece 2.5 times as
// fast as pieces of 64 KiB between small ones.

/// Records formatted one after the other, all integers little-endian.
@safe
package struct CaptureBatch: ~Copyable, @unchecked Sendable {
  package enum Kind: UInt8, Sendable, BitwiseCopyable { case header, interface, frame, trailer }

  /// The end of a record.
  package struct Mark: BitwiseCopyable, Sendable {
    /// Octets from the start of the batch.
    package let end: Int
    package let kind: Kind
    /// The interface's number, for a frame.
    package let interface: UInt32
    /// Captured octets, for a frame.
    package let octets: UInt32
  }

  /// The largest frame with what the formats put around it, short of a long comment.
  private static let largestRecord = CaptureRing.defaultSnapLength + 256
  private static let markLimit = 16384

  private var buffer: UnsafeMutableRawPointer
  private var capacity: Int
  /// The ends of all records so far.
  package private(set) var marks: [Mark] = []
  /// Octets so far.
  package private(set) var count = 0

  /// - Parameter capacity: octets from which on, less a large frame, the batch is full. It grows where one record
  ///   needs more.
  package init(capacity: Int = 1 << 20) {
    self.capacity = max(capacity, 4096)
    unsafe buffer = .allocate(byteCount: self.capacity, alignment: 16)
    marks.reserveCapacity(1024)
  }

  deinit { unsafe buffer.deallocate() }

  package var isEmpty: Bool { count == 0 }

  /// Large enough to be written.
  package var isFull: Bool { count + CaptureBatch.largestRecord > capacity || marks.count >= CaptureBatch.markLimit }

  package mutating func removeAll() {
    count = 0
    marks.removeAll(keepingCapacity: true)
  }

  // MARK: formatting

  @inline(__always)
  package mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
    let size = MemoryLayout<Value>.size
    reserve(size)
    unsafe buffer.storeBytes(of: value.littleEndian, toByteOffset: count, as: Value.self)
    count &+= size
  }

  package mutating func append(copying bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    unsafe (buffer + count).copyMemory(from: start, byteCount: bytes.count)
    count &+= bytes.count
  }

  package mutating func append(zeros: Int) {
    for _ in 0..<zeros { append(0 as UInt8) }
  }

  /// The record ends here.
  package mutating func end(_ kind: Kind, interface: UInt32 = 0, octets: Int = 0) {
    marks.append(Mark(end: count, kind: kind, interface: interface, octets: UInt32(truncatingIfNeeded: octets)))
  }

  @inline(__always)
  private mutating func reserve(_ size: Int) { if count &+ size > capacity { grow(size) } }

  /// Rare: many interfaces told at once, or a long comment.
  @inline(never)
  private mutating func grow(_ size: Int) {
    let larger = max(capacity * 2, count + size)
    let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    unsafe new.copyMemory(from: buffer, byteCount: count)
    unsafe buffer.deallocate()
    unsafe buffer = new
    capacity = larger
  }

  // MARK: reading

  /// All bytes, valid until the batch changes.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: buffer, count: count) }

  /// All bytes, as a copy.
  package var contents: [UInt8] { unsafe Array(bytes) }
}
