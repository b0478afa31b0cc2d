// Where a frame lies between receive and transmit: one buffer, read into and written from, so that a frame is
// never copied and the working set stays in the second-level cache.

internal import LinuxIO

/// The buffer of one worker: `[headroom | offload header | frame]`.
@safe
struct FrameArena: ~Copyable {
  /// Room in front for the tags that an egress port may want pushed: two of 4 octets, kept at 16 for alignment.
  static let headroom = 16
  /// The offload header every port speaks (virtio_net_hdr_mrg_rxbuf, 12 octets).
  static let offloadHeader = 12
  /// The largest frame: a 65,535-octet IP packet behind an Ethernet header and four tags, and one octet more, by
  /// which a frame that was cut is recognised.
  static let largestFrame = 65_535 + 14 + 16

  let base: UnsafeMutableRawPointer
  private let byteCount: Int

  init() throws(PageMemoryError) {
    byteCount = (FrameArena.headroom + FrameArena.offloadHeader + FrameArena.largestFrame + 1 + 4095) & ~4095
    unsafe base = try unsafe mapPages(byteCount)
  }

  deinit { unsafe unmapPages(base, byteCount) }

  /// Where the next frame is to be received, offload header first. A frame that fills it whole was too large.
  var landing: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: base + FrameArena.headroom, count: FrameArena.offloadHeader + FrameArena.largestFrame + 1)
  }
}
