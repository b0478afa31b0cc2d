// The internet checksum of headers, for coalescing, in the machine's byte order: a ones'-complement sum comes out the same
// in any order of octets (RFC 1071 clause 2B), if it is stored as it was loaded. Payload is for InternetSum.

internal import Wire

/// A ones'-complement sum over headers whose bounds the caller has checked. Results are in native order: to be compared
/// with, or stored as, a 16-bit field without swapping.
struct MergeSum: BitwiseCopyable {
  // 2^32 pieces of 32 bits fit before it could overflow: no frame has that many
  private var sum: UInt64 = 0

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ word: UInt64) { sum &+= (word & 0xFFFF_FFFF) &+ (word >> 32) }
  @inline(__always)
  mutating func add(_ word: UInt32) { sum &+= UInt64(word) }
  /// Adds a 16-bit number as it would stand in a packet.
  @inline(__always)
  mutating func add(number: UInt16) { sum &+= UInt64(number.bigEndian) }

  /// Adds the pseudo header of a TCP or UDP packet (RFC 9293 clause 3.1, RFC 8200 clause 8.1).
  /// - Parameters:
  ///   - ip: the IP header, of 20 octets or of 40.
  ///   - length: octets of transport header and payload, below 65,536.
  @inline(__always)
  mutating func addPseudoHeader(_ ip: UnsafeRawPointer, isIPv6: Bool, protocol number: IPProtocol, length: Int) {
    if isIPv6 {
      add(unsafe ip.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      add(unsafe ip.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      add(unsafe ip.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      add(unsafe ip.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
    } else {
      add(unsafe ip.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
    }
    add(number: UInt16(number.rawValue))
    add(number: UInt16(truncatingIfNeeded: length))
  }

  /// Adds an IPv4 header without options.
  @inline(__always)
  mutating func addHeader(_ ip: UnsafeRawPointer) {
    add(unsafe ip.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    add(unsafe ip.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    add(unsafe ip.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// The sum folded to 16 bits in native order, not complemented: 0xFFFF where a checksum that was summed too is right.
  @inline(__always)
  var value: UInt16 { UInt16(truncatingIfNeeded: InternetSum.fold(sum)) }
}

// MARK: - Loads

/// Loads from memory whose bounds the caller has checked: `word` in native order, to be compared or summed; `number` big-endian.
extension UnsafeRawPointer {
  @inline(__always)
  func octet(at offset: Int) -> UInt8 { unsafe load(fromByteOffset: offset, as: UInt8.self) }
  @inline(__always)
  func word16(at offset: Int) -> UInt16 { unsafe loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
  @inline(__always)
  func word32(at offset: Int) -> UInt32 { unsafe loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
  @inline(__always)
  func word64(at offset: Int) -> UInt64 { unsafe loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
  @inline(__always)
  func number16(at offset: Int) -> UInt16 { unsafe UInt16(bigEndian: word16(at: offset)) }
  @inline(__always)
  func number32(at offset: Int) -> UInt32 { unsafe UInt32(bigEndian: word32(at: offset)) }
}
