// Rows D1, D2, D6 for the address book: however much is said, it holds what it may, and each port its share.

import Testing
import Wire

@testable import Stations

@Suite struct AddressBookBoundTests {
  /// 10^5 addresses from one port: its own make way, all others' stay.
  @Test func rowD1_oneFloods() {
    var book = AddressBook()
    for port in UInt16(0)..<100 {
      book.hear(announcement(station(Int(port)), 0x0A00_0001), vlan: 1, port: port, at: second)
    }
    for number in 0..<100_000 {
      book.hear(announcement(station(1000 + number), 0x0A01_0000 + UInt32(number)), vlan: 1, port: 200, at: 2 * second)
    }
    #expect(book.count == AddressBook.capacity)
    #expect(book.count(of: 200) == AddressBook.capacity - 100)
    for port in UInt16(0)..<100 {
      #expect(book.station(station(Int(port)), vlan: 1, port: port, at: 2 * second) != nil)
    }
    // a newcomer takes the flooder's oldest
    book.hear(announcement(station(7), 0x0A00_0007), vlan: 1, port: 150, at: 3 * second)
    #expect(book.count(of: 150) == 1 && book.count == AddressBook.capacity)
    #expect(book.station(station(1000 + 99_999), vlan: 1, port: 200, at: 3 * second) != nil)
  }

  @Test func rowD2_eightFlood() {
    var book = AddressBook(capacity: 1000)
    for number in 0..<20_000 {
      let port = UInt16(number % 8)
      book.hear(
        announcement(station(number), 0x0A00_0001), vlan: UInt16(1 + number % 4094), port: port, at: UInt64(number))
    }
    #expect(book.count == 1000)
    for port in UInt16(0)..<8 { #expect(book.count(of: port) == 125) }
  }

  @Test func addressesOfOneStation() {
    var book = AddressBook()
    for number in UInt32(0)..<100 {
      book.hear(announcement(station(1), 0x0A00_0000 + number), vlan: 1, port: 1, at: second + UInt64(number))
    }
    // one that is heard again stays
    book.hear(announcement(station(1), 0x0A00_0000 + 92), vlan: 1, port: 1, at: 2 * second)
    book.hear(announcement(station(1), 0x0A00_0000 + 7), vlan: 1, port: 1, at: 2 * second)
    let addresses = book.station(station(1), vlan: 1, port: 1, at: 2 * second)?.addresses
    #expect(addresses == ([7, 92, 94, 95, 96, 97, 98, 99] as [UInt32]).map { .v4(0x0A00_0000 + $0) })
  }

  /// The store against a list as simple as can be.
  @Test(arguments: SeededGenerator.seeds) func againstAModel(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var store = StationStore<Int>(capacity: 20)
    var model: [(key: AddressBook.Key, value: Int)] = []  // oldest first
    for step in 0..<5000 {
      let key = AddressBook.Key(
        mac: station(Int.random(in: 0..<40, using: &random)), vlan: 1,
        port: UInt16([0, 0, 0, 1, 1, 2, 3].randomElement(using: &random) ?? 0))
      if Int.random(in: 0..<10, using: &random) == 0 {
        store.remove(key)
        model.removeAll { $0.key == key }
      } else {
        if !model.contains(where: { $0.key == key }), model.count == 20 {
          let counts = Dictionary(grouping: model, by: \.key.port).mapValues(\.count)
          let most = counts.values.max() ?? 0
          let loser = counts[key.port] == most ? key.port : counts.filter { $0.value == most }.keys.min() ?? 0
          model.remove(at: model.firstIndex { $0.key.port == loser } ?? 0)
        }
        let value = model.first { $0.key == key }?.value ?? 0
        model.removeAll { $0.key == key }
        model.append((key, value + step))
        store.touch(key, else: 0) { $0 += step }
      }
      #expect(store.count == model.count)
      for port in UInt16(0)..<4 {
        #expect(store.count(of: port) == model.count { $0.key.port == port })
        #expect(store.oldest(of: port)?.0 == model.first { $0.key.port == port }?.key)
      }
    }
    for (key, value) in model { #expect(store[key] == value) }
    #expect(store.all.count == model.count)
  }

  @Test(arguments: SeededGenerator.seeds) func anyOctets(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var book = AddressBook(capacity: 50)
    for round in 0..<20_000 {
      var bytes = Corpus.frames.randomElement(using: &random)?.bytes ?? []
      for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<min(bytes.count, 300), using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if round % 3 == 0 { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
      let port = UInt16.random(in: 0...9, using: &random)
      book.hear(bytes, vlan: 1, port: port, at: UInt64.random(in: 0...2 * AddressBook.lifetime, using: &random))
      if round % 100 == 0 { book.sweep(at: UInt64.random(in: 0...2 * AddressBook.lifetime, using: &random)) }
      #expect(book.count <= 50)
    }
    for frame in Corpus.frames {
      for length in 0...min(frame.bytes.count, 400) {
        book.hear(Array(frame.bytes[..<length]), vlan: 1, port: 1, at: second)
      }
    }
  }
}
