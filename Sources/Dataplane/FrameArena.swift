// Where frames lie between receive and transmit: read into and written from the same place, so that a frame is never
// copied but to be merged or cut, and the working set stays in the second-level cache.

internal import LinuxIO

/// The buffers of one worker, each `[headroom | offload header | frame]`: one in which the next frame lands, some that
/// hold what waits for followers within a batch, and one for what must be made anew.
@safe
struct FrameArena: ~Copyable {
  /// Room in front for the tags that an egress port may want pushed: two of 4 octets, kept at 16 for alignment.
  static var headroom: Int { 16 }
  /// The offload header every port speaks (virtio_net_hdr_mrg_rxbuf, 12 octets).
  static var offloadHeader: Int { 12 }
  /// The largest frame: a 65,535-octet IP packet behind an Ethernet header and four tags, and one octet more, by
  /// which a frame that was cut is recognised.
  static var largestFrame: Int { 65_535 + 14 + 16 }
  /// Octets of a buffer, whole pages. An odd number of them, so that fronts of buffers do not meet in one cache set.
  static var stride: Int { 17 * 4096 }
  /// Octets from the offload header on.
  static var room: Int { offloadHeader + largestFrame + 1 }

  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  /// The buffer that the present frame is in, or the next one lands in; it stays so until the frame is held.
  private var present: UInt8 = 8
  /// The others that are free, the one used last on top.
  private var free: InlineArray<8, UInt8> = [7, 6, 5, 4, 3, 2, 1, 0]
  private var freeCount = 8

  /// Buffers that frames can wait in.
  static var holdLimit: Int { 8 }

  init() throws(PageMemoryError) {
    byteCount = (FrameArena.holdLimit + 2) * FrameArena.stride
    unsafe base = try unsafe mapPages(byteCount)
  }

  deinit { unsafe unmapPages(base, byteCount) }

  /// Where the next frame is to be received, offload header first. A frame that fills it whole was too large.
  var landing: UnsafeMutableRawBufferPointer { unsafe buffer(present) }

  /// Where what was received begins, up to the end of the room.
  @inline(__always)
  func landed(_ received: PortIO.Received) -> UnsafeMutableRawBufferPointer {
    let front = received.front
    let landing = unsafe landing
    return unsafe UnsafeMutableRawBufferPointer(
      start: landing.baseAddress.map { unsafe $0 - front }, count: landing.count &+ front)
  }

  /// For a copy of a frame that must be changed for one port; what is in it is good until the next one.
  var scratch: UnsafeMutableRawBufferPointer { unsafe buffer(9) }

  private func buffer(_ number: UInt8) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: base + (Int(number) &* FrameArena.stride &+ FrameArena.headroom), count: FrameArena.room)
  }

  /// Keeps what has landed; the next frame lands elsewhere.
  /// - Returns: the buffer, for `release`; nil where all but the last are kept already.
  mutating func hold() -> UInt8? {
    guard freeCount > 0 else { return nil }
    let held = present
    freeCount &-= 1
    present = free[freeCount]
    return held
  }

  /// Gives a held buffer back; it is used next.
  mutating func release(_ buffer: UInt8) {
    guard freeCount < FrameArena.holdLimit else { return }
    free[freeCount] = buffer
    freeCount &+= 1
  }
}
