// The internet checksum (RFC 1071): sums over bytes and pseudo headers, and the completion of a partial one.
// SCTP, whose checksum is a CRC, is not for this file.

public import Wire

/// A ones'-complement sum under way. Pieces may be added in any order, as long as each begins at an even octet of the
/// whole; `value` folds it.
public struct InternetSum: Sendable, BitwiseCopyable {
  // 2^32 pieces of 32 bits fit before it could overflow: no input does that
  private var sum: UInt64 = 0

  public init() {}

  /// Adds the octets `range` of `bytes`, cut to what is there. An odd last octet counts as the high half of a word.
  public mutating func add(_ bytes: RawSpan, _ range: Range<Int>) {
    let start = max(range.lowerBound, 0)
    let end = min(range.upperBound, bytes.byteCount)
    guard start < end else { return }
    unsafe bytes.withUnsafeBytes { octets in
      guard let base = octets.baseAddress else { return }
      sum &+= unsafe InternetSum.words(base + start, end &- start, copiedTo: nil)
    }
  }

  /// Adds the `count` octets from `source` on while they are copied to `target`: both in one pass.
  /// The caller has checked that they are there, that there is room, and that the two do not overlap.
  @inline(__always)
  public mutating func add(copying source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
    sum &+= unsafe InternetSum.words(source, count, copiedTo: target)
  }

  /// The folded sum of `count` octets as words in network order.
  ///
  /// Summed as the machine has them, since the sum does not mind the order of octets (RFC 1071 clause 2 B), 32 octets
  /// a step. Lanes of 64 bits carry out, so beside their sum goes that of their upper halves, which cannot; from both
  /// follows that of the lower halves.
  @inline(__always)
  private static func words(
    _ source: UnsafeRawPointer, _ count: Int, copiedTo target: UnsafeMutableRawPointer?
  ) -> UInt64 {
    var position = 0
    var native: UInt64 = 0
    if count >= 32 {
      var all = SIMD4<UInt64>()
      var upper = SIMD4<UInt64>()
      while position &+ 32 <= count {
        let piece = unsafe source.loadUnaligned(fromByteOffset: position, as: SIMD4<UInt64>.self)
        unsafe target?.storeBytes(of: piece, toByteOffset: position, as: SIMD4<UInt64>.self)
        all &+= piece
        upper &+= piece &>> 32
        position &+= 32
      }
      let lower = all &- upper &<< 32
      native = fold(lower.wrappedSum()) &+ fold(upper.wrappedSum())
    }
    while position &+ 4 <= count {
      let piece = unsafe source.loadUnaligned(fromByteOffset: position, as: UInt32.self)
      unsafe target?.storeBytes(of: piece, toByteOffset: position, as: UInt32.self)
      native &+= UInt64(piece)
      position &+= 4
    }
    var value = UInt64(UInt16(bigEndian: UInt16(truncatingIfNeeded: fold(native))))
    while position < count {  // three octets at most; the first and the third are high halves
      let octet = unsafe source.load(fromByteOffset: position, as: UInt8.self)
      unsafe target?.storeBytes(of: octet, toByteOffset: position, as: UInt8.self)
      value &+= UInt64(octet) << (position & 1 == 0 ? 8 : 0)
      position &+= 1
    }
    return value
  }

  /// A sum of words with its carries added in, below 65,536.
  @inline(__always)
  static func fold(_ sum: UInt64) -> UInt64 {
    var folded = (sum & 0xFFFF_FFFF) &+ (sum >> 32)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    folded = (folded & 0xFFFF) &+ (folded >> 16)
    return (folded & 0xFFFF) &+ (folded >> 16)
  }

  public mutating func add(_ word: UInt16) { sum &+= UInt64(word) }

  /// Adds two words that stand one behind the other.
  public mutating func add(_ words: UInt32) { sum &+= UInt64(words) }

  /// Adds what another sum has come to.
  public mutating func add(_ other: InternetSum) { sum &+= UInt64(other.value) }

  /// Adds the pseudo header of a TCP or UDP packet over IPv4 (RFC 9293 clause 3.1).
  /// - Parameter length: octets of transport header and payload.
  public mutating func addPseudoHeader(_ ip: IPv4Header, protocol number: IPProtocol, length: Int) {
    add(ip.source)
    add(ip.destination)
    add(UInt32(truncatingIfNeeded: length))
    add(UInt16(number.rawValue))
  }

  /// Adds the pseudo header of an upper-layer packet over IPv6 (RFC 8200 clause 8.1).
  /// - Parameter length: octets of transport header and payload.
  public mutating func addPseudoHeader(_ ip: IPv6Header, protocol number: IPProtocol, length: Int) {
    addAddress(ip.source)
    addAddress(ip.destination)
    add(UInt32(truncatingIfNeeded: length))
    add(UInt16(number.rawValue))
  }

  private mutating func addAddress(_ address: UInt128) {
    add(UInt32(truncatingIfNeeded: address >> 96))
    add(UInt32(truncatingIfNeeded: address >> 64))
    add(UInt32(truncatingIfNeeded: address >> 32))
    add(UInt32(truncatingIfNeeded: address))
  }

  /// The sum folded to 16 bits, not complemented: what stands in the checksum field of a partial checksum.
  public var value: UInt16 {
    UInt16(truncatingIfNeeded: InternetSum.fold(sum))
  }

  /// What a checksum field is to hold: the complement of `value`.
  public var checksum: UInt16 { ~value }
}

/// Checksums of whole frames.
public enum Checksum {
  /// The pseudo header's sum for the transport header of `layers`, to which the packet itself is yet to be added.
  /// The destination is that of the IP header: with an IPv6 routing header the final one counts, which is not looked up.
  /// - Parameter frame: the one `layers` was located in.
  public static func pseudoHeader(
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
  public static func complete(_ frame: UnsafeMutableRawBufferPointer, _ header: VirtioNetHeader) -> Bool {
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
