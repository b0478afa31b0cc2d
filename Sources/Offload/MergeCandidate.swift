// The stage between the bridge's verdict and MergedFrame: what of a unicast frame decides whether frames of its flow may
// be merged with it. It reads headers once; payload it never touches, and it must not judge another frame.

internal import Wire

/// What coalescing knows of a TCP or UDP frame: its flow, and where its parts lie. Plain bits.
public struct MergeCandidate: Sendable, BitwiseCopyable {
  /// Equal for all frames of a flow: addresses of layer 2 and 3, protocol, ports. Frames with unequal ones may be
  /// written in any order. Two flows that share one by chance are kept in order and never merged.
  public let flow: UInt64
  /// TCP's number of the first payload octet.
  let sequence: UInt32
  /// Octets behind the transport header.
  let payload: Int
  /// Payload octets of each segment but the last.
  let segmentSize: Int
  /// How many segments the frame stands for.
  let segments: Int
  /// Of IPv4; 0 with IPv6.
  let identification: UInt16
  // whole words, although few bits are used: packed ones would be shifted in and out of registers at each call
  /// Where IP, where TCP or UDP, and where the payload begins, from the first octet of the frame.
  let network: Int
  let transport: Int
  let headers: Int
  /// TCP's CWR to FIN from bit 7 down; 0 with UDP.
  let flags: UInt8
  let isIPv6: Bool
  public let isTCP: Bool
  /// The checksum field holds the pseudo header's sum, which was found right. False: a full checksum, not verified yet.
  let isPartial: Bool
  /// May be merged with others of its flow, if its checksum is right. What is not keeps its place in the flow all the
  /// same: whatever is pending of it goes first.
  public let isMergeable: Bool

  /// A merge may begin with this frame: it is whole segments, and neither PSH nor FIN says that it is the end of one.
  public var mayLead: Bool {
    isMergeable && payload == segmentSize &* segments && flags & TCPFlag.ending == 0
      && (!isTCP || segmentSize >= OffloadCheck.minimumSegmentSize)
  }

  /// Octets of the frame.
  var count: Int { headers &+ payload }
  var ipProtocol: IPProtocol { isTCP ? .tcp : .udp }
}

/// The bits of TCP's flags octet (RFC 9293 clause 3.1) that coalescing knows by name.
enum TCPFlag {
  static let fin: UInt8 = 0x01
  static let syn: UInt8 = 0x02
  static let rst: UInt8 = 0x04
  static let psh: UInt8 = 0x08
  static let ack: UInt8 = 0x10
  static let urg: UInt8 = 0x20
  static let cwr: UInt8 = 0x80
  /// What only the last segment of a merge may have.
  static let ending = fin | psh
}
