// The keyed hash against the reference vectors of its authors (vectors.h of the reference implementation).

import Testing

@testable import Stations

@Suite struct SipHashTests {
  /// Key 00 01 … 0f, message of `length` octets 00 01 …; the vectors are little-endian octets.
  @Test(
    arguments: [
      (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (2, 0x0D6C_8009_D9A9_4F5A), (7, 0xAB02_00F5_8B01_D137),
      (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5),
    ] as [(Int, UInt64)]) func reference(length: Int, tag: UInt64)
  {
    let message = (0..<length).map { UInt8($0) }
    let hash = SipHash(key: 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100)
    #expect(unsafe hash.hash(message.span.bytes) == tag)
  }
}
