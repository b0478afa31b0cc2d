// The way of what is to be learned from the workers that only read the forwarding table to the one that writes it. A ring
// for each of them; a full one teaches nothing: the next frame of the source will.

internal import BridgeCore
internal import Synchronization
internal import Wire

/// A source that was heard.
struct Lesson: BitwiseCopyable {
  let source: MACAddress
  let port: PortIndex
  let vlan: UInt16
  let tick: Tick
}

/// A bounded ring with one thread at each end. A handle on memory that is freed once, after both threads have ended.
@safe
struct LessonRing: @unchecked Sendable, BitwiseCopyable {
  /// Lessons that fit; a power of two.
  static var capacity: Int { 1024 }

  /// The counts of lessons ever put in and taken out, apart by two cache lines.
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let lessons: UnsafeMutablePointer<Lesson>

  private var put: UnsafeMutablePointer<Atomic<UInt64>> { unsafe counts }
  private var taken: UnsafeMutablePointer<Atomic<UInt64>> { unsafe counts + 16 }

  init() {
    unsafe counts = .allocate(capacity: 32)
    for index in 0..<32 { unsafe (counts + index).initialize(to: Atomic(0)) }
    unsafe lessons = .allocate(capacity: LessonRing.capacity)
  }

  func deallocate() {
    unsafe counts.deallocate()
    unsafe lessons.deallocate()
  }

  /// By the one thread that puts in.
  /// - Returns: whether there was room.
  func append(_ lesson: Lesson) -> Bool {
    let next = unsafe put.pointee.load(ordering: .relaxed)
    guard unsafe next &- taken.pointee.load(ordering: .acquiring) < UInt64(LessonRing.capacity) else { return false }
    unsafe (lessons + (Int(truncatingIfNeeded: next) & (LessonRing.capacity &- 1))).initialize(to: lesson)
    unsafe put.pointee.store(next &+ 1, ordering: .releasing)
    return true
  }

  /// By the one thread that takes out: how many are in it, at least.
  var waiting: Int {
    let first = unsafe taken.pointee.load(ordering: .relaxed)
    return Int(truncatingIfNeeded: unsafe put.pointee.load(ordering: .acquiring) &- first)
  }

  /// By the one thread that takes out: the oldest, or nil.
  func next() -> Lesson? {
    let first = unsafe taken.pointee.load(ordering: .relaxed)
    guard unsafe put.pointee.load(ordering: .acquiring) != first else { return nil }
    let lesson = unsafe lessons[Int(truncatingIfNeeded: first) & (LessonRing.capacity &- 1)]
    unsafe taken.pointee.store(first &+ 1, ordering: .releasing)
    return lesson
  }
}
