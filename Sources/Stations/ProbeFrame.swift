// The loop probe on the wire: how it is built, and how its fields are read back. Whether one is believed is
// LoopProbe's.

package import Wire

/// A loop probe's fields. All integers are big-endian.
///
/// `[destination 6 | source 6 | type 88B5 | "TSLP" | version 1 | 0 | port 2 | sequence 4 | sent 8 | tag 8 | zeros]`, 60
/// octets without FCS. A neighbour may have put VLAN tags in front of the type.
package struct ProbeFrame: Sendable, BitwiseCopyable, Equatable {
  package let source: MACAddress
  /// The port it was sent on.
  package let port: UInt16
  /// Counts the probes of that port; wraps.
  package let sequence: UInt32
  /// When it was sent, in nanoseconds of the sender's monotonic clock.
  package let sent: UInt64
  package let tag: UInt64

  /// A group address that no standard has taken (locally administered), so that other bridges flood it. The reserved
  /// group addresses would be the natural choice, but bridges do not forward those.
  package static let destination = MACAddress(bits: 0x0300_7473_6C70)
  /// IEEE 802 local experimental EtherType 1 (IEEE 802-2014 clause 9.2.4).
  package static let etherType = EtherType(rawValue: 0x88B5)
  package static let size = 60

  private static let magic: UInt32 = 0x5453_4C50
  private static let version: UInt16 = 0x0100
  /// Octets behind the type up to the tag, and with it.
  private static let signedSize = 20
  private static let payloadSize = 28

  /// Reads a frame from its destination address on; nil for what is no probe of this version. The tag is not judged.
  package init?(parsing frame: RawSpan) {
    guard let header = try? FrameHeader(parsing: frame), header.destination == ProbeFrame.destination,
      header.etherType == ProbeFrame.etherType
    else { return nil }
    let offset = header.payloadOffset
    guard frame.byteCount - offset >= ProbeFrame.payloadSize, frame.uint32(at: offset) == ProbeFrame.magic,
      frame.uint16(at: offset + 4) == ProbeFrame.version
    else { return nil }
    source = header.source
    port = frame.uint16(at: offset + 6)
    sequence = frame.uint32(at: offset + 8)
    sent = frame.uint64(at: offset + 12)
    tag = frame.uint64(at: offset + 20)
  }

  /// A probe with its tag.
  init(source: MACAddress, port: UInt16, sequence: UInt32, sent: UInt64, key: SipHash) {
    self.source = source
    self.port = port
    self.sequence = sequence
    self.sent = sent
    tag = ProbeFrame.tag(source, port, sequence, sent, key)
  }

  func isSigned(with key: SipHash) -> Bool { tag == ProbeFrame.tag(source, port, sequence, sent, key) }

  /// The tag covers every field that is read.
  private static func tag(
    _ source: MACAddress, _ port: UInt16, _ sequence: UInt32, _ sent: UInt64, _ key: SipHash
  ) -> UInt64 {
    var octets: [UInt8] = []
    append(source.bits, 6, to: &octets)
    append(UInt64(magic), 4, to: &octets)
    append(UInt64(version), 2, to: &octets)
    append(UInt64(port), 2, to: &octets)
    append(UInt64(sequence), 4, to: &octets)
    append(sent, 8, to: &octets)
    return unsafe key.hash(octets.span.bytes)
  }

  /// The frame's 60 octets.
  package var bytes: [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(ProbeFrame.size)
    ProbeFrame.append(ProbeFrame.destination.bits, 6, to: &octets)
    ProbeFrame.append(source.bits, 6, to: &octets)
    ProbeFrame.append(UInt64(ProbeFrame.etherType.rawValue), 2, to: &octets)
    ProbeFrame.append(UInt64(ProbeFrame.magic), 4, to: &octets)
    ProbeFrame.append(UInt64(ProbeFrame.version), 2, to: &octets)
    ProbeFrame.append(UInt64(port), 2, to: &octets)
    ProbeFrame.append(UInt64(sequence), 4, to: &octets)
    ProbeFrame.append(sent, 8, to: &octets)
    ProbeFrame.append(tag, 8, to: &octets)
    octets += [UInt8](repeating: 0, count: ProbeFrame.size - octets.count)
    return octets
  }

  private static func append(_ value: UInt64, _ size: Int, to octets: inout [UInt8]) {
    for index in (0..<size).reversed() { octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }
}
