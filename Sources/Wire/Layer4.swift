// Where the layers of a frame lie: from the layer-2 header to the one that carries ports and checksum.
// One IP layer only: what a tunnel carries is payload.

/// The offsets of network and transport header in a frame, all from its first octet.
public struct Layer4: Hashable, Sendable, BitwiseCopyable {
  /// 4 or 6.
  public let version: UInt8
  public let ipProtocol: IPProtocol
  public let fragment: FragmentState
  /// Where the IP header begins: behind Ethernet header and tags.
  public let networkOffset: Int
  /// Where the transport header begins; of a later fragment, which has none, where its data begins.
  public let transportOffset: Int
  /// Where the IP packet ends: at most the length of the frame, less where the frame is padded.
  public let packetEnd: Int

  /// - Parameters:
  ///   - frame: from its destination address on.
  ///   - header: parsed from the same frame.
  ///   - segmented: the offload header says that the frame stands for several; then IP length fields may be 0.
  public init(locating frame: RawSpan, behind header: FrameHeader, segmented: Bool = false) throws(PacketFault) {
    networkOffset = header.payloadOffset
    switch header.etherType {
    case .ipv4:
      let ip = try IPv4Header(parsing: frame, at: networkOffset, segmented: segmented)
      version = 4
      ipProtocol = ip.ipProtocol
      fragment = ip.fragment
      transportOffset = networkOffset &+ ip.headerLength
      packetEnd = networkOffset &+ ip.packetLength
    case .ipv6:
      let ip = try IPv6Header(parsing: frame, at: networkOffset, segmented: segmented)
      version = 6
      ipProtocol = ip.ipProtocol
      fragment = ip.fragment
      transportOffset = networkOffset &+ ip.headerLength
      packetEnd = networkOffset &+ ip.packetLength
    default: throw .notIP
    }
  }
}
