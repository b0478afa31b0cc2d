// Where the frame path meets a capture: a frame is copied, bounded, and that is all. Without a capture it costs a test.

internal import BridgeCore
internal import Capture

/// The recording end of the capture of received frames, if there is one.
struct CaptureTap: ~Copyable {
  private var producer: RingProducer?

  init(_ producer: consuming RingProducer?) { self.producer = producer }

  /// Copies a received frame as it came, before tags are changed.
  /// - Parameters:
  ///   - bytes: without the offload header.
  ///   - handle: what the capture knows the port as.
  ///   - time: nanoseconds since 1970.
  @inline(__always)
  mutating func record(
    _ bytes: UnsafeRawBufferPointer, from port: PortIndex, handle: UInt32, _ verdict: Verdict, at time: UInt64
  ) {
    unsafe producer?.record(
      port: port.rawValue, interface: handle, timestamp: time, length: bytes.count, bytes: bytes,
      direction: .inbound, verdict: verdict.packed)
  }

  /// Shows the capture's thread what was recorded; once a wake-up.
  mutating func publish() { producer?.publish() }
}

extension Verdict {
  /// Action in bits 0 to 7, reason 8 to 15, port or flood set 16 to 31, VLAN 32 to 47.
  fileprivate var packed: UInt64 {
    let target = action == .deliver ? port.rawValue : floodSet.rawValue
    return UInt64(action.rawValue) | UInt64(reason.rawValue) << 8 | UInt64(target) << 16 | UInt64(vlan) << 32
  }
}
