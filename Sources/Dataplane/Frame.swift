// One received frame on its way from receive to transmit: where it lies, and what was parsed of it.

internal import Offload
internal import Wire

/// A frame in the arena with its offload header. Plain bits; the bytes stay where they were received.
@unsafe
struct Frame: BitwiseCopyable {
  /// The offload header, with the frame behind it. A tag pushed or taken off moves it by 4.
  private(set) var start: UnsafeMutableRawPointer
  private var octets: Int32
  /// Octets behind Ethernet header and tags that one wire segment holds: judged against a port's MTU.
  let payload: Int32
  private var wireSegments: UInt16
  /// How many received frames it was made of.
  private(set) var joined: UInt16 = 1
  /// What it asks of a port, an `EgressForm`.
  private(set) var form: UInt8
  /// The outermost tag that it came with, TPID in the high and TCI in the low half; 0 where there is none.
  let tag: UInt32

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

  /// The type or TPID behind the outermost tag, or in its place where there is none or it is no VLAN tag.
  @inline(__always)
  func type(behindTag: Bool) -> UInt16 {
    let offset = FrameArena.offloadHeader &+ (behindTag ? 16 : 12)
    guard unsafe count >= offset &+ 2 else { return 0 }
    return unsafe UInt16(bigEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// Takes the outermost tag off, in place. False, and nothing changed, where that cannot be.
  mutating func popTag() -> Bool {
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
    guard let moved = unsafe TagEdit.pop(buffer, start: 0, length: count) else { return false }
    unsafe start += moved
    unsafe octets &-= Int32(truncatingIfNeeded: moved)
    return true
  }

  /// Puts a tag in front of type and tags, in place; the arena leaves room for it. False, and nothing changed, where
  /// that cannot be.
  mutating func pushTag(_ tag: VLANTag) -> Bool {
    let front = unsafe start - TagEdit.size
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: front, count: count &+ TagEdit.size)
    guard unsafe TagEdit.push(tag, buffer, start: TagEdit.size, length: count) != nil else { return false }
    unsafe start = front
    unsafe octets &+= Int32(truncatingIfNeeded: TagEdit.size)
    return true
  }

  /// Puts a tag in the place of the outermost one. False, and nothing changed, where there is none.
  func setTag(_ tag: VLANTag) -> Bool {
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
    return unsafe TagEdit.rewrite(tag, buffer, start: 0, length: count)
  }
}
