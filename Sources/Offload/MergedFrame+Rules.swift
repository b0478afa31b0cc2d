// Which frames may be merged: whether the frame that would be cut out of the merged one again is the frame that came.
// The rules are Linux's (tcp_gro_receive, udp_gro_receive_segment, inet_gro_flush), read one by one.

internal import Wire

extension MergedFrame {
  /// Sizes and TCP's numbers: the next octets of the stream, in segments of the same size, the last at most as long.
  @inline(__always)
  func continues(_ next: MergeCandidate) -> Bool {
    guard next.isTCP == lead.isTCP, next.isIPv6 == lead.isIPv6 else { return false }
    guard next.network == lead.network, next.headers == lead.headers else { return false }
    guard
      next.segments == 1 ? next.segmentSize <= lead.segmentSize : next.segmentSize == lead.segmentSize
    else { return false }
    guard lead.isTCP else { return true }
    // CWR only at the beginning: a segmenter clears it in all segments but the first
    guard next.flags & TCPFlag.cwr == 0 else { return false }
    let merged = count &- VirtioNetHeader.size &- lead.headers
    return next.sequence == lead.sequence &+ UInt32(truncatingIfNeeded: merged)
  }

  /// The headers of both, but for what may differ: lengths, checksums, IPv4 identification, sequence, PSH, FIN, and CWR
  /// of the first. Both have their layers at the same offsets.
  @inline(__always)
  func equalHeaders(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer) -> Bool {
    var unequal = unsafe (a.word64(at: 0) ^ b.word64(at: 0)) | (a.word64(at: 6) ^ b.word64(at: 6))
    var position = FrameHeader.minimumLength
    let network = lead.network
    while position < network {
      unequal |= UInt64(unsafe a.word32(at: position) ^ b.word32(at: position))
      position &+= 4
    }
    if lead.isIPv6 {
      // version, class and flow label; hop limit; addresses
      unequal |= UInt64(unsafe a.word32(at: network) ^ b.word32(at: network))
      unequal |= UInt64(unsafe a.word16(at: network &+ 6) ^ b.word16(at: network &+ 6))
      unequal |= unsafe a.word64(at: network &+ 8) ^ b.word64(at: network &+ 8)
      unequal |= unsafe a.word64(at: network &+ 16) ^ b.word64(at: network &+ 16)
      unequal |= unsafe a.word64(at: network &+ 24) ^ b.word64(at: network &+ 24)
      unequal |= unsafe a.word64(at: network &+ 32) ^ b.word64(at: network &+ 32)
    } else {
      // type of service; don't fragment, time to live and protocol; addresses
      unequal |= UInt64(unsafe a.word16(at: network) ^ b.word16(at: network))
      unequal |= UInt64(unsafe a.word32(at: network &+ 6) ^ b.word32(at: network &+ 6))
      unequal |= unsafe a.word64(at: network &+ 12) ^ b.word64(at: network &+ 12)
    }
    let transport = lead.transport
    unequal |= UInt64(unsafe a.word32(at: transport) ^ b.word32(at: transport))
    guard lead.isTCP else { return unequal == 0 }

    unequal |= UInt64(unsafe a.word32(at: transport &+ 8) ^ b.word32(at: transport &+ 8))
    // data offset, reserved bits, flags, window
    let free = ~(UInt32(TCPFlag.ending | TCPFlag.cwr) << 16).bigEndian
    unequal |= UInt64(unsafe (a.word32(at: transport &+ 12) ^ b.word32(at: transport &+ 12)) & free)
    unequal |= UInt64(unsafe a.word16(at: transport &+ 18) ^ b.word16(at: transport &+ 18))
    position = transport &+ TCPHeader.minimumLength
    let end = lead.headers
    while position < end {
      unequal |= UInt64(unsafe a.word32(at: position) ^ b.word32(at: position))
      position &+= 4
    }
    return unequal == 0
  }

  /// IPv4 identifications count up by one a segment, as whoever cuts the frame will count. Where nobody may fragment they
  /// mean nothing (RFC 6864 clause 4.1), and senders that do not count are merged too; the second frame decides which it is.
  /// - Returns: whether the number stands still; nil where it does neither.
  @inline(__always)
  func identification(_ next: MergeCandidate) -> Bool? {
    guard !lead.isIPv6 else { return false }
    let distance = next.identification &- lead.identification
    if distance == (isFixed ? 0 : UInt16(truncatingIfNeeded: segments)) { return isFixed }
    let position = VirtioNetHeader.size &+ lead.network &+ 6
    let mayFragment = unsafe UnsafeRawPointer(start).octet(at: position) & 0x40 == 0
    return distance == 0 && segments == 1 && !mayFragment ? true : nil
  }

  /// Sums the first frame, once.
  @inline(__always)
  mutating func verifyLead() -> Bool {
    guard !isVerified else { return true }
    isVerified = unsafe MergedFrame.verify(lead, UnsafeRawPointer(start + VirtioNetHeader.size))
    isFull = !isVerified
    return isVerified
  }

  /// A full checksum is right.
  static func verify(_ candidate: MergeCandidate, _ frame: UnsafeRawPointer) -> Bool {
    var pseudo = MergeSum()
    unsafe pseudo.addPseudoHeader(
      frame + candidate.network, isIPv6: candidate.isIPv6, protocol: candidate.ipProtocol,
      length: candidate.count &- candidate.transport)
    var sum = InternetSum()
    sum.add(UInt16(bigEndian: pseudo.value))
    let bytes = unsafe UnsafeRawBufferPointer(start: frame, count: candidate.count)
    unsafe sum.add(bytes.bytes, candidate.transport..<candidate.count)
    return sum.value == 0xFFFF
  }
}
