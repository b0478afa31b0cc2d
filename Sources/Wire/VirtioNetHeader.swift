// The 12-byte offload header in front of a frame read from or written to a TAP (linux/virtio_net.h,
// struct virtio_net_hdr_v1; virtio 1.2 clause 5.1.6). It only reads and writes fields: whether they are
// true of the frame is judged by OffloadCheck.

/// Why bytes are not an offload header.
public enum VirtioNetHeaderFault: UInt8, Error, Sendable, BitwiseCopyable {
  /// Fewer than 12 octets.
  case short
}

/// What is left to be done to the frame that follows: a checksum to fill in, segments to cut. Fields are
/// little-endian, as virtio 1 has them and as TAPs and packet sockets have them on the little-endian machines we run on.
public struct VirtioNetHeader: Hashable, Sendable, BitwiseCopyable {
  /// `NEEDS_CSUM`, `DATA_VALID`, `RSC_INFO`.
  public var flags: UInt8
  /// `gsoNone`, `gsoTCPv4`, `gsoUDP`, `gsoTCPv6`, `gsoUDPL4`, the TCP ones with or without `gsoECN`.
  public var gsoType: UInt8
  /// A hint: octets of Ethernet, IP and TCP or UDP headers.
  public var headerLength: UInt16
  /// Payload octets in each segment but the last.
  public var gsoSize: UInt16
  /// Where the sum begins, from the start of the frame.
  public var checksumStart: UInt16
  /// Where the checksum is stored, from `checksumStart`.
  public var checksumOffset: UInt16
  /// Buffers the frame was spread over, where those are merged; 0 for descriptors, which ignore it.
  public var bufferCount: UInt16

  public static let size = 12

  // flags
  public static let needsChecksum: UInt8 = 1
  public static let dataValid: UInt8 = 2
  public static let coalescingInfo: UInt8 = 4

  // gso_type
  public static let gsoNone: UInt8 = 0
  public static let gsoTCPv4: UInt8 = 1
  /// UDP fragmentation offload, which the kernel dropped in 4.14 and still accepts.
  public static let gsoUDP: UInt8 = 3
  public static let gsoTCPv6: UInt8 = 4
  public static let gsoUDPL4: UInt8 = 5
  public static let gsoECN: UInt8 = 0x80

  /// The header of a frame that needs nothing done: all zero.
  @inlinable @inline(__always)
  public init() {
    flags = 0
    gsoType = 0
    headerLength = 0
    gsoSize = 0
    checksumStart = 0
    checksumOffset = 0
    bufferCount = 0
  }

  /// - Parameter bytes: what was read, from the offload header on.
  @inlinable @inline(__always)
  public init(parsing bytes: RawSpan) throws(VirtioNetHeaderFault) {
    guard bytes.byteCount >= VirtioNetHeader.size else { throw .short }
    flags = bytes.byte(at: 0)
    gsoType = bytes.byte(at: 1)
    headerLength = bytes.uint16(at: 2).byteSwapped
    gsoSize = bytes.uint16(at: 4).byteSwapped
    checksumStart = bytes.uint16(at: 6).byteSwapped
    checksumOffset = bytes.uint16(at: 8).byteSwapped
    bufferCount = bytes.uint16(at: 10).byteSwapped
  }

  /// Writes all 12 octets to the front of `bytes`; false, and nothing written, where there are fewer.
  @inlinable @inline(__always)
  @discardableResult
  public func store(to bytes: UnsafeMutableRawBufferPointer) -> Bool {
    guard bytes.count >= VirtioNetHeader.size else { return false }
    unsafe bytes.storeByte(flags, at: 0)
    unsafe bytes.storeByte(gsoType, at: 1)
    unsafe bytes.store16(headerLength.byteSwapped, at: 2)
    unsafe bytes.store16(gsoSize.byteSwapped, at: 4)
    unsafe bytes.store16(checksumStart.byteSwapped, at: 6)
    unsafe bytes.store16(checksumOffset.byteSwapped, at: 8)
    unsafe bytes.store16(bufferCount.byteSwapped, at: 10)
    return true
  }

  /// Whether the header in front of `bytes`, at least 12 octets, asks for nothing: one load, by far the most frequent case.
  @inlinable @inline(__always)
  public static func asksNothing(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let fields = unsafe UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self))
    return fields & (0xFF00 | UInt16(needsChecksum)) == 0
  }

  /// Makes the header in front of `bytes`, at least 12 octets, one that asks for nothing.
  @inlinable @inline(__always)
  public static func clear(_ bytes: UnsafeMutableRawBufferPointer) {
    unsafe bytes.storeBytes(of: 0, toByteOffset: 0, as: UInt64.self)
    unsafe bytes.storeBytes(of: 0, toByteOffset: 8, as: UInt32.self)
  }

  /// The frame's checksum is partial: to be completed from `checksumStart` on.
  @inlinable @inline(__always)
  public var isChecksumPartial: Bool { flags & VirtioNetHeader.needsChecksum != 0 }
  /// The frame stands for several.
  @inlinable @inline(__always)
  public var isSegmented: Bool { gsoType != VirtioNetHeader.gsoNone }
  /// `gsoType` without the ECN bit.
  @inlinable @inline(__always)
  public var gsoKind: UInt8 { gsoType & ~VirtioNetHeader.gsoECN }
}
