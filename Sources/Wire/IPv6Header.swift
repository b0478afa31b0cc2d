// The IPv6 header (RFC 8200) and its extension headers, walked to the layer-4 header in at most eight steps.
// It is parsed only where an offload header or a filter needs it. It must not judge what the options ask for.

/// An IPv6 header and where its chain of extension headers leads.
public struct IPv6Header: Hashable, Sendable, BitwiseCopyable {
  public let trafficClass: UInt8
  /// 20 bits.
  public let flowLabel: UInt32
  /// As the header has it; 0 in a jumbogram and in a segmented frame over 64 KiB.
  public let payloadLength: UInt16
  /// Octets of the packet, from the first of this header on.
  public let packetLength: Int
  public let nextHeader: IPProtocol
  public let hopLimit: UInt8
  public let source: UInt128
  public let destination: UInt128
  /// What the chain ends with: layer 4, ESP, or `noNextHeader`. Behind a later fragment's header it is what its
  /// first fragment begins with.
  public let ipProtocol: IPProtocol
  /// Octets from the first of this header to what `ipProtocol` names: 40 and the extension headers.
  public let headerLength: Int
  public let fragment: FragmentState
  /// Extension headers walked: 0 to 8.
  public let extensionCount: UInt8

  public static let minimumLength = 40
  public static let maximumExtensions = 8

  /// - Parameters:
  ///   - bytes: a frame or a packet, maybe with padding behind it.
  ///   - offset: where the header begins in `bytes`.
  ///   - segmented: the offload header says that the frame stands for several; then a payload length of 0 is allowed.
  public init(parsing bytes: RawSpan, at offset: Int = 0, segmented: Bool = false) throws(PacketFault) {
    guard offset >= 0, offset <= bytes.byteCount else { throw .truncated }
    let available = bytes.byteCount &- offset
    guard available >= IPv6Header.minimumLength else { throw .truncated }
    let first = bytes.uint32(at: offset)
    guard first >> 28 == 6 else { throw .version }
    trafficClass = UInt8(truncatingIfNeeded: first >> 20)
    flowLabel = first & 0xF_FFFF
    payloadLength = bytes.uint16(at: offset &+ 4)
    nextHeader = IPProtocol(rawValue: bytes.byte(at: offset &+ 6))
    hopLimit = bytes.byte(at: offset &+ 7)
    source = UInt128(bytes.uint64(at: offset &+ 8)) << 64 | UInt128(bytes.uint64(at: offset &+ 16))
    destination = UInt128(bytes.uint64(at: offset &+ 24)) << 64 | UInt128(bytes.uint64(at: offset &+ 32))

    if payloadLength != 0 {
      packetLength = IPv6Header.minimumLength &+ Int(payloadLength)
    } else if segmented {
      packetLength = available
    } else if nextHeader == .hopByHop, available > IPv6Header.minimumLength {
      packetLength = try IPv6Header.jumboLength(bytes, at: offset &+ IPv6Header.minimumLength)
    } else {
      packetLength = IPv6Header.minimumLength
    }
    guard packetLength <= available else { throw .packetLength }

    let end = offset &+ packetLength
    var walk = ExtensionWalk(next: nextHeader, position: offset &+ IPv6Header.minimumLength)
    while walk.isAtExtension {
      guard walk.count < IPv6Header.maximumExtensions else { throw .extensions }
      try walk.step(bytes, end: end)
    }
    ipProtocol = walk.next
    headerLength = walk.position &- offset
    fragment = walk.fragment
    extensionCount = UInt8(truncatingIfNeeded: walk.count)
  }

  /// The packet length out of the jumbo payload option (RFC 2675) of the hop-by-hop header at `position`.
  private static func jumboLength(_ bytes: RawSpan, at position: Int) throws(PacketFault) -> Int {
    guard position &+ 8 <= bytes.byteCount else { throw .truncated }
    let end = position &+ 8 &+ 8 &* Int(bytes.byte(at: position &+ 1))
    guard end <= bytes.byteCount else { throw .truncated }
    var option = position &+ 2
    while option < end {
      let type = bytes.byte(at: option)
      if type == 0 {  // Pad1 has no length octet
        option &+= 1
        continue
      }
      guard option &+ 2 <= end else { throw .packetLength }
      let length = Int(bytes.byte(at: option &+ 1))
      if type == 0xC2 {
        guard length == 4, option &+ 6 <= end else { throw .packetLength }
        let payload = bytes.uint32(at: option &+ 2)
        guard payload > 0xFFFF else { throw .packetLength }
        return IPv6Header.minimumLength &+ Int(payload)
      }
      option &+= 2 &+ length
    }
    return IPv6Header.minimumLength
  }
}

/// Where a walk along extension headers stands. Every step moves on by at least 8 octets.
private struct ExtensionWalk {
  var next: IPProtocol
  var position: Int
  var fragment = FragmentState.whole
  var count = 0

  init(next: IPProtocol, position: Int) {
    self.next = next
    self.position = position
  }

  /// What is behind a later fragment's header is data, whatever the header calls it.
  var isAtExtension: Bool {
    guard fragment != .later else { return false }
    switch next {
    case .hopByHop, .routing, .fragment, .destinationOptions, .authentication: return true
    default: return false
    }
  }

  /// - Parameter end: where the packet ends, not beyond the end of `bytes`.
  mutating func step(_ bytes: RawSpan, end: Int) throws(PacketFault) {
    guard position &+ 8 <= end else { throw .truncated }
    let field = Int(bytes.byte(at: position &+ 1))
    let length: Int
    switch next {
    case .fragment:
      length = 8
      let fragmentation = bytes.uint16(at: position &+ 2)
      if fragmentation & 0xFFF8 != 0 {
        fragment = .later
      } else if fragmentation & 1 != 0 {
        fragment = .first
      }
    case .authentication: length = (field &+ 2) &* 4  // RFC 4302 clause 2.2 counts in words of 4
    default: length = (field &+ 1) &* 8
    }
    guard length >= 8, position &+ length <= end else { throw .truncated }
    next = IPProtocol(rawValue: bytes.byte(at: position))
    position &+= length
    count &+= 1
  }
}
