// MAC addresses as text and as bits.

import Testing
import Wire

@Suite struct MACAddressTests {
  @Test(
    arguments: [
      ("52:54:00:aa:00:01", 0x5254_00AA_0001), ("52-54-00-AA-00-01", 0x5254_00AA_0001),
      ("0:1:2:a:b:c", 0x0001_020A_0B0C),
      ("00:00:00:00:00:00", 0), ("FF:ff:Ff:fF:FF:ff", 0xFFFF_FFFF_FFFF),
    ] as [(String, UInt64)])
  func text(text: String, bits: UInt64) throws {
    let address = try #require(MACAddress(text))
    #expect(address.bits == bits)
    #expect(MACAddress(address.description) == address)
  }

  @Test(arguments: [
    "", ":", "52:54:00:aa:00", "52:54:00:aa:00:01:02", "52:54:00:aa:00:", ":54:00:aa:00:01", "52:54:00:aa::01",
    "52:54:00:aa:00:001", "52:54:00:aa:00:0g", "+2:54:00:aa:00:01", "52:54:00:aa:00:+1", "52-54-00-aa-00--1",
    "52:54-00:aa-00:01", "5254.00aa.0001", "525400aa0001", " 52:54:00:aa:00:01", "52:54:00:aa:00:01\n",
    "５２:54:00:aa:00:01", "52:54:00:aa:00:0\u{301}",
  ]) func notAnAddress(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test(arguments: SeededGenerator.seeds) func roundTrip(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let address = MACAddress(bits: random.next())
      #expect(MACAddress(address.description) == address)
      #expect(address.description.utf8.count == 17)
    }
  }

  @Test func kinds() {
    #expect(MACAddress.broadcast.isGroup && MACAddress.broadcast.isBroadcast && MACAddress.broadcast.isLocal)
    #expect(MACAddress(bits: 0x0100_5E00_0001).isGroup)
    #expect(!MACAddress(bits: 0x5254_00AA_0001).isGroup)
    #expect(MACAddress(bits: 0x5254_00AA_0001).isLocal)
    #expect(MACAddress(bits: 0).isZero)
    for last in 0...15 as ClosedRange<UInt64> { #expect(MACAddress(bits: 0x0180_C200_0000 | last).isReservedGroup) }
    #expect(!MACAddress(bits: 0x0180_C200_0010).isReservedGroup)
    #expect(MACAddress(bits: 0xABCD_0000_0000_0001).bits == 1, "only 48 bits are kept")
    #expect(MACAddress(bits: 1) < MACAddress(bits: 2))
  }
}
