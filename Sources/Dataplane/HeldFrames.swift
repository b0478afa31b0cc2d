// The frames of the batch at hand that wait for followers of their flow. Plain bits in one small block, no more than
// the arena can hold; nothing in it outlives the batch.

internal import BridgeCore
internal import Offload

/// A frame that waits, with everything that is needed to send it.
@unsafe
struct HeldFrame: BitwiseCopyable {
  var merged: MergedFrame
  /// As it was received; its length and segments are those of the first one.
  let frame: Frame
  let port: PortIndex
  let vlan: UInt16
  /// Of the arena.
  let buffer: UInt8
}

/// Those of one worker, oldest first.
@safe
struct HeldFrames: ~Copyable {
  private let frames: UnsafeMutablePointer<HeldFrame>
  private(set) var count = 0

  init() { unsafe frames = .allocate(capacity: FrameArena.holdLimit) }
  deinit { unsafe frames.deallocate() }

  var isFull: Bool { count == FrameArena.holdLimit }

  /// `index` must be below `count`.
  subscript(_ index: Int) -> UnsafeMutablePointer<HeldFrame> { unsafe frames + index }

  /// There must be room.
  mutating func append(_ frame: HeldFrame) {
    unsafe (frames + count).initialize(to: frame)
    count &+= 1
  }

  /// Takes one out; those behind it move up.
  mutating func remove(at index: Int) -> HeldFrame {
    let taken = unsafe frames[index]
    count &-= 1
    var next = index
    while next < count {
      unsafe frames[next] = frames[next &+ 1]
      next &+= 1
    }
    return unsafe taken
  }

  /// The one of a flow on its way to a port, or -1.
  func index(of candidate: MergeCandidate, to port: PortIndex) -> Int {
    var index = 0
    while index < count {
      let same = unsafe frames[index].merged.sameFlow(candidate) && frames[index].port == port
      if same { return index }
      index &+= 1
    }
    return -1
  }
}
