// The stage after PortIO.receive: the layer-2 header of a frame as a value. Parsed once, by one length check
// a field; what comes after works on this value and never reads the bytes again. It must not judge policy.

/// Why bytes are not an Ethernet frame.
public enum FrameFault: UInt8, Error, Sendable, BitwiseCopyable {
  /// Shorter than two addresses and a type: 14 octets.
  case runt
  /// A tag protocol identifier with less than a whole tag and a type behind it.
  case truncatedTag
}

/// The layer-2 header of one frame (802.3-2018 clause 3, 802.1Q-2018 clause 9): addresses, up to
/// four nested VLAN tags, and the type or length that follows them. Exists only if the bytes were long enough.
public struct FrameHeader: Sendable, BitwiseCopyable {
  public let destination: MACAddress
  public let source: MACAddress
  /// The outermost tag; meaningful only where `tagCount` is not 0.
  public let outerTag: VLANTag
  /// The type behind the last parsed tag. With more than four tags it is the fifth's TPID.
  public let etherType: EtherType
  /// How many tags were parsed, 0 to 4.
  public let tagCount: UInt8
  /// Offset of the first octet behind `etherType`: 14 + 4 * tagCount.
  @inlinable public var payloadOffset: Int { 14 &+ 4 &* Int(tagCount) }

  public static let minimumLength = 14
  public static let maximumTags = 4

  /// - Parameter bytes: a frame from its destination address on, without preamble and FCS.
  @inlinable @inline(__always)
  public init(parsing bytes: RawSpan) throws(FrameFault) {
    let length = bytes.byteCount
    guard length >= FrameHeader.minimumLength else { throw .runt }
    let front = bytes.uint64(at: 0)
    destination = MACAddress(bits: front >> 16)
    source = MACAddress(bits: (front & 0xFFFF) << 32 | UInt64(bytes.uint32(at: 8)))
    var type = EtherType(rawValue: bytes.uint16(at: 12))
    guard type.isTag else {
      outerTag = VLANTag(tpid: EtherType(rawValue: 0), tci: 0)
      etherType = type
      tagCount = 0
      return
    }
    guard length >= 18 else { throw .truncatedTag }
    outerTag = VLANTag(tpid: type, tci: bytes.uint16(at: 14))
    type = EtherType(rawValue: bytes.uint16(at: 16))
    var tags = 1
    while type.isTag, tags < FrameHeader.maximumTags {
      let next = 16 &+ 4 &* tags
      guard next &+ 2 <= length else { throw .truncatedTag }
      type = EtherType(rawValue: bytes.uint16(at: next))
      tags &+= 1
    }
    etherType = type
    tagCount = UInt8(truncatingIfNeeded: tags)
  }
}
