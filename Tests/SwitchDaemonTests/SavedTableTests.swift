// The saved MAC table: what is written is read, entries go on ageing, and whatever is wrong gives a reason.

import SwitchModel
import Testing
import Wire

@testable import SwitchDaemon

struct SavedTableTests {
  private static let now: Int64 = 1_700_000_000

  private static func table(_ count: Int, seed: UInt64 = 1) -> SavedTable {
    var random = ConfigurationSupport.Generator(state: seed)
    let ports = ["web", "db", "a.b-c_d", String(repeating: "x", count: 32)]
    let entries = (0..<count).map { number in
      SavedTable.Entry(
        mac: MACAddress(bits: UInt64.random(in: 1...0xFFFF_FFFF, using: &random) | 0x5200_0000_0000),
        vlan: .random(in: 1...4094, using: &random), port: ports[number % ports.count],
        age: .random(in: 0...1_000_000, using: &random))
    }
    return SavedTable(written: now, entries: entries)
  }

  @Test(arguments: [0, 1, 5, 3000]) func `what is written is read`(_ count: Int) throws {
    let table = Self.table(count)
    #expect(try SavedTable(decoding: table.encoded(), at: Self.now) == table)
    #expect(try SavedTable(decoding: table.encoded(), at: Self.now + 1_000_000) == table)
  }

  @Test func `the octets are those of the format`() {
    var table = SavedTable(written: 1)
    table.entries = [SavedTable.Entry(mac: MACAddress(bits: 0x5254_0012_3456), vlan: 10, port: "db", age: 7)]
    let bytes = table.encoded()
    #expect(
      bytes.dropLast(8) == [
        0x89, 0x54, 0x53, 0x46, 0x44, 0x42, 0x0D, 0x0A, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        67, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0x64, 0x62,
        0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 10, 0, 0, 0, 0, 0, 7, 0, 0, 0,
      ])
    #expect(bytes.count == 67)
  }

  /// The check value of the catalogue of CRCs (reveng) for CRC-64/XZ.
  @Test func `the checksum is CRC-64-XZ`() {
    #expect(CRC64.of(Array("123456789".utf8)[...]) == 0x995D_C9BB_DF19_39FA)
  }

  @Test func `cut at every length it is refused`() throws {
    let bytes = Self.table(9).encoded()
    for length in 0..<bytes.count {
      #expect(throws: SavedTableFault.self) { try SavedTable(decoding: Array(bytes[..<length]), at: Self.now) }
    }
    #expect(throws: SavedTableFault.self) { try SavedTable(decoding: bytes + [0], at: Self.now) }
  }

  @Test func `every single bit that is another is noticed`() throws {
    let bytes = Self.table(4).encoded()
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << UInt8(bit)
        #expect(throws: SavedTableFault.self, "octet \(place) bit \(bit)") {
          try SavedTable(decoding: damaged, at: Self.now)
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)]) func `random damage gives a reason`(seed: UInt64) throws {
    var random = ConfigurationSupport.Generator(state: seed)
    let bytes = Self.table(50, seed: seed).encoded()
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      if damaged == bytes { continue }
      #expect(throws: SavedTableFault.self) { try SavedTable(decoding: damaged, at: Self.now) }
    }
  }

  /// With a checksum that fits, nothing but the checks of the content is left.
  @Test(arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)])
  func `content that lies is a table or a reason`(seed: UInt64) throws {
    var random = ConfigurationSupport.Generator(state: seed)
    let bytes = Self.table(6, seed: seed).encoded()
    for _ in 0..<3000 {
      var lying = Array(bytes.dropLast(8))
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        lying[Int.random(in: 8..<lying.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      let sum = CRC64.of(lying[...])
      lying += (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
      guard let table = try? SavedTable(decoding: lying, at: Self.now) else { continue }
      #expect(table.entries.count == 6)
      for entry in table.entries {
        #expect((1...4094).contains(entry.vlan) && !entry.mac.isGroup && !entry.mac.isZero)
        #expect(PortName.isValid(entry.port))
      }
    }
  }

  @Test func `another version, the future, and a file of something else`() throws {
    var bytes = Self.table(1).encoded()
    #expect(fault(bytes, at: Self.now - 61) == .future(61))
    #expect(fault(bytes, at: Self.now - 60) == nil, "a clock that was set back a little")
    #expect(fault(bytes, at: .min) != nil && fault(bytes, at: .max) == nil)
    bytes[8] = 2
    #expect(fault(bytes, at: Self.now) == .version(2))
    #expect(fault(Array("ports: {}\n".utf8), at: Self.now) == .notATable)
    #expect(fault([], at: Self.now) == .notATable)
    #expect(fault([UInt8](repeating: 0x89, count: SavedTable.sizeLimit + 1), at: Self.now) == .tooLarge)
  }

  private func fault(_ bytes: [UInt8], at now: Int64) -> SavedTableFault? {
    do throws(SavedTableFault) {
      _ = try SavedTable(decoding: bytes, at: now)
      return nil
    } catch {
      return error
    }
  }

  @Test func `the largest table fits, and what is more is left out`() throws {
    let entry = { (number: Int) in
      SavedTable.Entry(mac: MACAddress(bits: UInt64(number + 1)), vlan: 1, port: "p\(number % 5000)", age: 1)
    }
    let table = SavedTable(written: 0, entries: (0..<20_000).map(entry))
    let read = try SavedTable(decoding: table.encoded(), at: 0)
    #expect(Set(read.entries.map(\.port)).count == 4096)
    #expect(table.encoded().count <= SavedTable.sizeLimit)
  }

  @Test(
    arguments: [
      (elapsed: 0, ages: [10, 299]), (1, [11]), (289, [299]), (290, []), (-30, [10, 299]), (.max, []),
      (.min, [10, 299]),
    ] as [(Int64, [UInt32])])
  func `entries go on ageing while no switch runs`(elapsed: Int64, ages: [UInt32]) {
    let entry = { SavedTable.Entry(mac: MACAddress(bits: 2), vlan: 1, port: "a", age: $0) }
    let table = SavedTable(written: 0, entries: [entry(10), entry(299), entry(300), entry(.max)])
    #expect(table.living(at: elapsed, ageing: 300).map(\.age) == ages)
  }
}
