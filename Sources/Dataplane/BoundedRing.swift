// How workers tell other threads something without waiting: lessons to the teacher, events and frames to the observer.
// One thread puts in, one takes out; a full ring refuses, and whoever puts in says what that means.

internal import Synchronization

/// A bounded ring of plain values with one thread at each end. A handle on memory that is freed once, after both
/// threads have ended; of its pages only those are resident that were used.
@safe
struct BoundedRing<Element: BitwiseCopyable>: @unchecked Sendable, BitwiseCopyable {
  /// Elements that fit; a power of two.
  let capacity: Int
  private let memory: UnsafeMutableRawPointer
  private let elements: UnsafeMutablePointer<Element>

  /// The counts of elements ever put in and taken out, apart by two cache lines; the elements follow.
  private static var front: Int { 256 }
  private var put: UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe memory.assumingMemoryBound(to: Atomic<UInt64>.self)
  }
  private var taken: UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe (memory + 128).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
  private var byteCount: Int { BoundedRing.front + capacity * MemoryLayout<Element>.stride }

  /// - Parameter capacity: rounded up to a power of two.
  init(capacity: Int) throws(PageMemoryError) {
    var rounded = 1
    while rounded < capacity { rounded *= 2 }
    self.capacity = rounded
    // All-zero bytes are the value 0 of an Atomic<UInt64>.
    let mapped = try unsafe mapPages(BoundedRing.front + rounded * MemoryLayout<Element>.stride)
    unsafe memory = mapped
    unsafe elements = (mapped + BoundedRing.front).bindMemory(to: Element.self, capacity: rounded)
  }

  func deallocate() { unsafe unmapPages(memory, byteCount) }

  private func place(_ count: UInt64) -> UnsafeMutablePointer<Element> {
    unsafe elements + (Int(truncatingIfNeeded: count) & (capacity &- 1))
  }

  /// By the one thread that puts in.
  /// - Returns: whether there was room.
  func append(_ element: Element) -> Bool {
    guard let place = unsafe vacancy() else { return false }
    unsafe place.initialize(to: element)
    publish()
    return true
  }

  /// By the one thread that puts in: where the next element is to be written before `publish`; nil when the ring is
  /// full.
  func vacancy() -> UnsafeMutablePointer<Element>? {
    let next = unsafe put.pointee.load(ordering: .relaxed)
    guard unsafe next &- taken.pointee.load(ordering: .acquiring) < UInt64(capacity) else { return nil }
    return unsafe place(next)
  }

  /// By the one thread that puts in: shows what was written to `vacancy`.
  func publish() {
    unsafe put.pointee.store(put.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }

  /// By the one thread that takes out: how many are in it, at least.
  var waiting: Int {
    let first = unsafe taken.pointee.load(ordering: .relaxed)
    return Int(truncatingIfNeeded: unsafe put.pointee.load(ordering: .acquiring) &- first)
  }

  /// By the one thread that takes out: the oldest, or nil.
  func next() -> Element? {
    guard let oldest = unsafe oldest else { return nil }
    let element = unsafe oldest.pointee
    release()
    return element
  }

  /// By the one thread that takes out: where the oldest lies until `release`; nil when the ring is empty.
  var oldest: UnsafeMutablePointer<Element>? {
    let first = unsafe taken.pointee.load(ordering: .relaxed)
    guard unsafe put.pointee.load(ordering: .acquiring) != first else { return nil }
    return unsafe place(first)
  }

  /// By the one thread that takes out: gives the place of `oldest` back.
  func release() {
    unsafe taken.pointee.store(taken.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }
}
