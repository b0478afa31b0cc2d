// A 48-bit MAC address (IEEE 802-2014 clause 8) as one integer.

/// An EUI-48 address. The first octet on the wire is the most significant of the 48 bits.
public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
  /// Bits 47...0; the upper 16 bits are always zero.
  public let bits: UInt64

  /// The low 48 bits of `bits`, first octet on the wire most significant.
  @inlinable @inline(__always)
  public init(bits: UInt64) { self.bits = bits & 0xFFFF_FFFF_FFFF }

  /// The individual/group bit: least significant bit of the first octet (802-2014 clause 8.2.2).
  @inlinable public var isGroup: Bool { bits & 0x0100_0000_0000 != 0 }
  /// The locally-administered bit.
  @inlinable public var isLocal: Bool { bits & 0x0200_0000_0000 != 0 }
  @inlinable public var isZero: Bool { bits == 0 }
  @inlinable public var isBroadcast: Bool { bits == 0xFFFF_FFFF_FFFF }
  /// 01-80-C2-00-00-00 to -0F, which an 802.1Q bridge treats apart (802.1Q-2018 table 8-1).
  @inlinable public var isReservedGroup: Bool { bits & 0xFFFF_FFFF_FFF0 == 0x0180_C200_0000 }

  public static let broadcast = MACAddress(bits: 0xFFFF_FFFF_FFFF)
}

extension MACAddress: Comparable {
  public static func < (a: MACAddress, b: MACAddress) -> Bool { a.bits < b.bits }
}

extension MACAddress: LosslessStringConvertible {
  /// Lower case with colons, as `ip` and `bridge` print it.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(17)
    for octet in 0..<6 {
      let value = Int(truncatingIfNeeded: bits >> UInt64(40 - 8 * octet)) & 0xFF
      if octet > 0 { text.append(UInt8(ascii: ":")) }
      text.append(digits[value >> 4])
      text.append(digits[value & 15])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Six octets of one or two hexadecimal digits joined by `:` or by `-`; nil for anything else.
  public init?(_ text: String) {
    let separator: Character = text.contains("-") ? "-" : ":"
    let octets = text.split(separator: separator, omittingEmptySubsequences: false)
    guard octets.count == 6 else { return nil }
    var bits: UInt64 = 0
    for octet in octets {
      // the standard library's parser would take a sign
      guard (1...2).contains(octet.utf8.count), !octet.utf8.contains(UInt8(ascii: "+")),
        let value = UInt8(octet, radix: 16)
      else { return nil }
      bits = bits << 8 | UInt64(value)
    }
    self.init(bits: bits)
  }
}
