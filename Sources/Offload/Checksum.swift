// The internet checksum (RFC 1071): sums over bytes and pseudo headers, and the completion of a partial one.
// SCTP, whose checksum is a CRC, is not for this file.

package import Wire

/// A ones'-complement sum under way. Pieces may be added in any order, as long as each begins at an even octet of the
/// whole; `value` folds it.
package struct InternetSum: Sendable, BitwiseCopyable {
  // 2^32 pieces of 32 bits fit before it could overflow: no input does that
  private var sum: UInt64 = 0

  package init() {}

  /// Adds the octets `range` of `bytes`, cut to what is there. An odd last octet counts as the high half of a word.
  package mutating func add(_ bytes: RawSpan, _ range: Range<Int>) {
    let end = min(range.upperBound, bytes.byteCount)
    var position = max(range.lowerBound, 0)
    while position &+ 4 <= end {
      sum &+= UInt64(bytes.uint32(at: position))
      position &+= 4
    }
    if position &+ 2 <= end {
      sum &+= UInt64(bytes.uint16(at: position))
      position &+= 2
    }
    if position < end { sum &+= UInt64(bytes.byte(at: position)) << 8 }
  }

  package mutating func add(_ word: UInt16) { sum &+= UInt64(word) }

  /// Adds the pseudo header of a TCP or UDP packet over IPv4 (RFC 9293 clause 3.1).
  /// - Parameter length: octets of transport header and payload.
  package mutating func addPseudoHeader(_ ip: IPv4Header, protocol number: IPProtocol, length: Int) {
    addPair(ip.source)
    addPair(ip.destination)
    addPair(UInt32(truncatingIfNeeded: length))
    add(UInt16(number.rawValue))
  }

  /// Adds the pseudo header of an upper-layer packet over IPv6 (RFC 8200 clause 8.1).
  /// - Parameter length: octets of transport header and payload.
  package mutating func addPseudoHeader(_ ip: IPv6Header, protocol number: IPProtocol, length: Int) {
    addAddress(ip.source)
    addAddress(ip.destination)
    addPair(UInt32(truncatingIfNeeded: length))
    add(UInt16(number.rawValue))
  }

  private mutating func addAddress(_ address: UInt128) {
    addPair(UInt32(truncatingIfNeeded: address >> 96))
    addPair(UInt32(truncatingIfNeeded: address >> 64))
    addPair(UInt32(truncatingIfNeeded: address >> 32))
    addPair(UInt32(truncatingIfNeeded: address))
  }

  private mutating func addPair(_ words: UInt32) { sum &+= UInt64(words) }

  /// The sum folded to 16 bits, not complemented: what stands in the checksum field of a partial checksum.
  package var value: UInt16 {
    var folded = (sum & 0xFFFF_FFFF) &+ (sum >> 32)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    return UInt16(truncatingIfNeeded: folded)
  }

  /// What a checksum field is to hold: the complement of `value`.
  package var checksum: UInt16 { ~value }
}

/// Checksums of whole frames.
package enum Checksum {
  /// The pseudo header's sum for the transport header of `layers`, to which the packet itself is yet to be added.
  /// The destination is that of the IP header: with an IPv6 routing header the final one counts, which is not looked up.
  /// - Parameter frame: the one `layers` was located in.
  package static func pseudoHeader(
    _ frame: RawSpan, _ layers: Layer4, segmented: Bool = false
  ) throws(PacketFault) -> InternetSum {
    var sum = InternetSum()
    let length = layers.packetEnd &- layers.transportOffset
    if layers.version == 4 {
      let ip = try IPv4Header(parsing: frame, at: layers.networkOffset, segmented: segmented)
      sum.addPseudoHeader(ip, protocol: layers.ipProtocol, length: length)
    } else {
      let ip = try IPv6Header(parsing: frame, at: layers.networkOffset, segmented: segmented)
      sum.addPseudoHeader(ip, protocol: layers.ipProtocol, length: length)
    }
    return sum
  }

  /// Completes the partial checksum that a validated offload header asks for: sums from `checksumStart` to the end
  /// of the frame, the field included, which holds the pseudo header's sum, and stores the complement there.
  /// Does nothing to a frame that asks for none; must not be used on one that stands for several.
  /// - Returns: false, and nothing changed, where the field does not lie inside the frame.
  @discardableResult
  package static func complete(_ frame: UnsafeMutableRawBufferPointer, _ header: VirtioNetHeader) -> Bool {
    guard header.isChecksumPartial else { return true }
    let start = Int(header.checksumStart)
    let field = start &+ Int(header.checksumOffset)
    guard field &+ 2 <= frame.count else { return false }
    var sum = InternetSum()
    unsafe sum.add(UnsafeRawBufferPointer(frame).bytes, start..<frame.count)
    // 0 means "none" to UDP and is the same number as 0xFFFF to everybody
    unsafe frame.store16(sum.checksum == 0 ? 0xFFFF : sum.checksum, at: field)
    return true
  }
}
