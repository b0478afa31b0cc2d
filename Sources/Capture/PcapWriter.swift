// Classic pcap with nanoseconds (draft-ietf-opsawg-pcap): formatting only. Knows no interfaces; what more there is
// to say about a frame needs pcapng.

/// Formats a classic pcap file, little-endian.
package struct PcapWriter: CaptureFormat {
  /// "Nanoseconds, in the byte order of this number".
  package static let magic: UInt32 = 0xA1B2_3C4D
  /// LINKTYPE_ETHERNET.
  package static let linkType: UInt32 = 1

  private let snapLength: UInt32
  package var declared = 0

  package init(snapLength: Int = CaptureRing.defaultSnapLength) { self.snapLength = UInt32(clamping: snapLength) }

  package func begin(into batch: inout CaptureBatch) {
    batch.append(PcapWriter.magic)
    batch.append(2 as UInt16)  // version 2.4
    batch.append(4 as UInt16)
    batch.append(0 as UInt64)  // reserved: once time zone and accuracy
    batch.append(snapLength)
    batch.append(PcapWriter.linkType)
    batch.end(.header)
  }

  package mutating func number(of interface: CaptureInterface) -> UInt32 { 0 }

  package mutating func declare(into batch: inout CaptureBatch) {}

  /// Seconds are an unsigned 32-bit number: right until February 2106, then starting again from 0.
  package mutating func frame(_ frame: CapturedFrame, on number: UInt32, into batch: inout CaptureBatch) {
    let (seconds, nanoseconds) = frame.timestamp.quotientAndRemainder(dividingBy: 1_000_000_000)
    let captured = unsafe frame.bytes.count
    batch.append(UInt32(truncatingIfNeeded: seconds))
    batch.append(UInt32(truncatingIfNeeded: nanoseconds))
    batch.append(UInt32(truncatingIfNeeded: captured))
    batch.append(max(frame.length, UInt32(truncatingIfNeeded: captured)))
    unsafe batch.append(copying: frame.bytes)
    batch.end(.frame, interface: number, octets: captured)
  }

  /// The format has no trailer.
  package mutating func end(
    counts: [InterfaceCounts], from start: UInt64, to end: UInt64, into batch: inout CaptureBatch
  ) {}
}
