// The stage at both ends of a frame's way: one read or one write of a port's descriptor, whole frames only.
// It must not look into the frame.

internal import CLinux

/// How whole frames go through a descriptor.
public enum PortForm: UInt8, Sendable, BitwiseCopyable {
  /// Each read or write is a frame with its offload header of 12 octets in front: a TAP, or a SOCK_SEQPACKET socket
  /// pair in a test.
  case device
  /// An AF_PACKET socket with PACKET_VNET_HDR_SZ 12. The kernel tells the outermost VLAN tag beside the frame.
  case packet
  /// The same with the header of 10 octets, which is all that kernels before 6.4 know.
  case packetShort
}

/// The descriptor of a port. Does not own it.
public struct PortIO: BitwiseCopyable, Sendable {
  public let descriptor: Int32
  public let form: PortForm

  @inlinable public init(descriptor: Int32, form: PortForm = .device) {
    self.descriptor = descriptor
    self.form = form
  }

  /// What one `receive` brought, in one number as the system call gives it.
  public struct Received: BitwiseCopyable, Sendable {
    @usableFromInline let result: Int
    /// As the system call gave it, with bit 62 set where a tag was put back.
    @inlinable public init(_ result: Int) { self.result = result }

    /// Octets from the first of the offload header to the last of the frame, 0 at the end of a socket, or -errno
    /// (-EAGAIN: none waits).
    @inlinable public var count: Int { result < 0 ? result : result & ~(1 << 62) }
    /// So many octets before the buffer the offload header begins: 4 where a VLAN tag was put back in front, else 0.
    /// Means nothing without a frame.
    @inlinable public var front: Int { (result &>> 62 & 1) &* 4 }
  }

  /// Takes the next frame with its offload header.
  /// - Parameter buffer: larger than any frame, because a device cuts what does not fit; with 4 octets of room in front.
  public func receive(into buffer: UnsafeMutableRawBufferPointer) -> Received {
    guard let base = buffer.baseAddress else { return Received(0) }
    guard form == .device else { return unsafe receivePacket(base, UInt(bitPattern: buffer.count)) }
    return Received(unsafe ts_read(descriptor, base, UInt(bitPattern: buffer.count)))
  }

  @inline(never)
  private func receivePacket(_ base: UnsafeMutableRawPointer, _ room: UInt) -> Received {
    Received(unsafe ts_packet_receive(descriptor, base, room, form == .packetShort ? 1 : 0))
  }

  /// Any value from 0 up when the kernel took the frame, or -errno. Any thread may call it for any port.
  public func transmit(_ frame: UnsafeRawBufferPointer) -> Int {
    guard let base = frame.baseAddress else { return 0 }
    guard form != .packetShort else {
      return unsafe ts_packet_send(descriptor, base, UInt(bitPattern: frame.count), 1)
    }
    return unsafe ts_write(descriptor, base, UInt(bitPattern: frame.count))
  }
}
