// What passes through a capture ring: one frame with what is known about it, and how it lies in ring memory.
// Formats read it, the ring stores it; it must not know any file format.

/// Which way a frame went at the port it was captured on. Raw values are those of `epb_flags`, bits 0 and 1
/// (draft-ietf-opsawg-pcapng, section 4.3.1).
package enum CaptureDirection: UInt8, Sendable, BitwiseCopyable {
  case unknown = 0
  /// From the port into the switch.
  case inbound = 1
  /// From the switch to the port.
  case outbound = 2
}

/// One captured frame. `bytes` lies in ring memory and is valid until the consumer releases it.
@safe
package struct CapturedFrame: BitwiseCopyable {
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  package var timestamp: UInt64
  /// Octets the frame had, without FCS and offload header; `bytes` may hold fewer.
  package var length: UInt32
  /// The slot of the port.
  package var port: UInt16
  /// What `FileCapture.register` returned; 0: whatever is registered for the slot.
  package var interface: UInt32
  package var direction: CaptureDirection
  /// Packed by the data plane, which alone knows the layout; 0: nothing said.
  package var verdict: UInt64
  /// The first octets of the frame, from the destination address on.
  package var bytes: UnsafeRawBufferPointer

  package init(
    timestamp: UInt64, length: UInt32, port: UInt16, interface: UInt32 = 0, direction: CaptureDirection = .inbound,
    verdict: UInt64 = 0, bytes: UnsafeRawBufferPointer
  ) {
    self.timestamp = timestamp
    self.length = length
    self.port = port
    self.interface = interface
    self.direction = direction
    self.verdict = verdict
    unsafe self.bytes = bytes
  }
}

/// An entry of the ring: this header in host order, then `captured` octets, filled up to a multiple of 8.
/// Only `size` and `isFiller` are there in a filler, which leads to the start of the ring.
struct RingEntry: BitwiseCopyable {
  /// Octets from this entry to the next.
  var size: UInt32
  /// 1: no frame, go on at the start of the ring.
  var isFiller: UInt32
  var timestamp: UInt64
  var length: UInt32
  var captured: UInt32
  var interface: UInt32
  var port: UInt16
  var direction: UInt8
  var reserved: UInt8
  var verdict: UInt64

  static let headerSize = 40
  static let alignment = 8

  /// The octets an entry takes that holds `captured` octets of a frame.
  @inline(__always)
  static func size(captured: Int) -> Int { (headerSize &+ captured &+ (alignment &- 1)) & ~(alignment &- 1) }
}
