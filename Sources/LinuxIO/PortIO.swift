// The stage at both ends of a frame's way: one read or one write of a port's descriptor, whole frames only.
// It must not look into the frame.

internal import CLinux

/// The descriptor of a port through which whole frames go, each with its offload header in front:
/// a TAP, or a SOCK_SEQPACKET socket pair in a test. Does not own the descriptor.
public struct PortIO: BitwiseCopyable, Sendable {
  public let descriptor: Int32
  @inlinable public init(descriptor: Int32) { self.descriptor = descriptor }

  /// The length of the next frame with its offload header, 0 at the end of a socket, or -errno (-EAGAIN: none waits).
  /// A TAP cuts what does not fit the buffer, so the buffer is larger than any frame.
  public func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    return unsafe ts_read(descriptor, base, UInt(bitPattern: buffer.count))
  }

  /// Any value from 0 up when the kernel took the frame, or -errno. Any thread may call it for any port.
  public func transmit(_ frame: UnsafeRawBufferPointer) -> Int {
    guard let base = frame.baseAddress else { return 0 }
    return unsafe ts_write(descriptor, base, UInt(bitPattern: frame.count))
  }
}
