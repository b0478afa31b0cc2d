// Beside Delivery.transmit, for ports that take less than a frame asks for: cuts a frame that stands for several, and
// completes checksums, in the worker's scratch buffer. Off the straight path: a TAP takes everything.

internal import BridgeCore
internal import LinuxIO
internal import Offload
internal import Wire

/// What a port takes, and what a frame asks for, in rising order.
enum EgressForm: UInt8, BitwiseCopyable {
  /// Finished frames only.
  case plain
  /// Also frames whose checksum is partial.
  case partialChecksum
  /// Also frames that stand for several.
  case segmented
}

extension Worker {
  /// Sends `frame` in a form that the port takes.
  /// - Returns: the cost of the writes it caused.
  @inline(never)
  mutating func convert(_ frame: Frame, to port: PortIndex) -> Int32 {
    guard unsafe frame.form == EgressForm.segmented.rawValue else { return unsafe complete(frame, to: port) }
    let slot = unsafe ports[port]
    let counters = unsafe slot.pointee.counters
    let partial = unsafe slot.pointee.takes >= EgressForm.partialChecksum.rawValue
    guard var segmenter = unsafe Segmenter(frame: frame.ethernet, offload: frame.offload),
      segmenter.largestSegment < FrameArena.room &- FrameArena.offloadHeader
    else {
      unsafe lose(frame, .tooManySegments, to: port)
      return 1
    }
    unsafe counters.add(.split, segmenter.count &- 1)
    let scratch = unsafe arena.scratch
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[FrameArena.offloadHeader...])
    unsafe (partial ? segmenter.partialHeader : VirtioNetHeader()).store(to: scratch)
    var cost: Int32 = 0
    while true {
      let length = unsafe segmenter.next(into: room, checksum: partial ? .partial : .complete)
      guard length > 0 else { return cost }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: scratch[..<(FrameArena.offloadHeader &+ length)])
      unsafe write(bytes, segments: 1, to: port)
      cost &+= Cost.write(length)
    }
  }

  /// Sends a copy whose checksum is complete.
  private mutating func complete(_ frame: Frame, to port: PortIndex) -> Int32 {
    let scratch = unsafe arena.scratch
    let copy = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<frame.count])
    unsafe copy.copyMemory(from: frame.bytes)
    unsafe VirtioNetHeader.clear(copy)
    let ethernet = unsafe UnsafeMutableRawBufferPointer(rebasing: copy[FrameArena.offloadHeader...])
    unsafe Checksum.complete(ethernet, frame.offload)
    unsafe write(UnsafeRawBufferPointer(copy), segments: 1, to: port)
    return unsafe Cost.write(frame.count)
  }
}
