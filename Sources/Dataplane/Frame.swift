// One received frame on its way from receive to transmit: where it lies, and what was parsed of it.

internal import Offload
internal import Wire

/// A frame in the arena with its offload header. Plain bits; the bytes stay where they were received.
@unsafe
struct Frame: BitwiseCopyable {
  /// The offload header, with the frame behind it. A tag taken off moves it by 4.
  private(set) var start: UnsafeMutableRawPointer
  private var octets: Int32
  /// Octets behind Ethernet header and tags that one wire segment holds: judged against a port's MTU.
  let payload: Int32
  private var wireSegments: UInt16
  /// How many received frames it was made of.
  private(set) var joined: UInt16 = 1
  /// What it asks of a port, an `EgressForm`.
  private(set) var form: UInt8
  /// The outermost tag, TPID in the high and TCI in the low half; 0 where there is none.
  private let tag: UInt32

  /// - Parameters:
  ///   - count: octets from the first of the offload header to the last of the frame.
  ///   - payload: octets behind Ethernet header and tags that one wire segment holds.
  ///   - segments: wire segments that the frame stands for.
  @inline(__always)
  init(
    start: UnsafeMutableRawPointer, count: Int, payload: Int, segments: Int, form: EgressForm, header: FrameHeader
  ) {
    unsafe self.start = start
    unsafe octets = Int32(truncatingIfNeeded: count)
    unsafe self.payload = Int32(truncatingIfNeeded: payload)
    unsafe wireSegments = UInt16(truncatingIfNeeded: segments)
    unsafe self.form = form.rawValue
    let outer = UInt32(header.outerTag.tpid.rawValue) &<< 16 | UInt32(header.outerTag.tci)
    unsafe tag = header.tagCount == 0 ? 0 : outer
  }

  /// Octets from the first of the offload header to the last of the frame.
  var count: Int { unsafe Int(octets) }
  /// Wire segments that the frame stands for: 1, or more with segmentation offload.
  var segments: Int { unsafe Int(wireSegments) }
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: start, count: count) }
  /// The frame itself, from its destination address on.
  var ethernet: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: start + FrameArena.offloadHeader, count: count &- FrameArena.offloadHeader)
  }
  /// The offload header in front of it, which was checked.
  var offload: VirtioNetHeader {
    (try? unsafe VirtioNetHeader(parsing: bytes.bytes)) ?? VirtioNetHeader()
  }

  /// The same frame after others were joined to it.
  func grown(to count: Int, segments: Int, joined: Int) -> Frame {
    guard joined > 1 else { return unsafe self }
    var frame = unsafe self
    unsafe frame.octets = Int32(truncatingIfNeeded: count)
    unsafe frame.wireSegments = UInt16(truncatingIfNeeded: segments)
    unsafe frame.joined = UInt16(truncatingIfNeeded: joined)
    unsafe frame.form = EgressForm.segmented.rawValue
    return unsafe frame
  }

  /// The outermost tag is one of the customer kind that names `vlan`, or names none and only bears a priority, so
  /// that the frame is in the native VLAN (802.1Q-2018 clause 6.9.1).
  func carriesTag(of vlan: UInt16) -> Bool {
    let vid = UInt16(truncatingIfNeeded: unsafe tag) & 0xFFF
    return unsafe tag &>> 16 == 0x8100 && (vid == vlan || vid == 0)
  }

  /// The same frame in the same memory without its outermost tag; as it was where that cannot be.
  func untagged() -> Frame {
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
    guard let moved = unsafe TagEdit.pop(buffer, start: 0, length: count) else { return unsafe self }
    var frame = unsafe self
    unsafe frame.start += moved
    unsafe frame.octets &-= Int32(truncatingIfNeeded: moved)
    return unsafe frame
  }
}
