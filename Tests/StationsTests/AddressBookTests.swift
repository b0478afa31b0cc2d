// What the address book believes: frames that scapy made, and the rules about time and ports.

import Testing
import Wire

@testable import Stations

@Suite struct AddressBookTests {
  private static let port: UInt16 = 4

  private func hear(_ frame: CorpusFrame, _ book: inout AddressBook, at now: UInt64 = second) {
    book.hear(frame.bytes, vlan: 10, port: AddressBookTests.port, at: now)
  }

  private func frame(_ name: String) throws -> CorpusFrame {
    try #require(Corpus.frames.first { $0.name == name }, "Tests/Corpus/\(name).hex")
  }

  private func me(_ book: AddressBook, at now: UInt64 = second) -> AddressBook.Station? {
    book.station(mac(0x5254_00AA_0001), vlan: 10, port: AddressBookTests.port, at: now)
  }

  @Test(arguments: Corpus.frames.filter { $0.expected["station"] != nil }) func corpus(frame: CorpusFrame) throws {
    var book = AddressBook()
    hear(frame, &book)
    let speaker = try #require(frame.expected["station"].flatMap { MACAddress($0) })
    let heard = book.station(speaker, vlan: 10, port: AddressBookTests.port, at: second)
    let expected = (frame.expected["has"] ?? "").split(separator: "+").map(String.init)
    #expect((heard?.addresses.map(\.description) ?? []) == expected)
    #expect(heard?.hostName == frame.expected["host"])
    #expect(book.count == (heard == nil ? 0 : 1), "nobody else is in the book")
  }

  /// Row D5 for addresses: in another's name nothing can be said.
  @Test func rowD5_spoofing() {
    var book = AddressBook()
    book.hear(announcement(station(1), 0x0A00_0001), vlan: 1, port: 1, at: second)
    book.hear(announcement(station(2), 0x0A00_0099, sender: station(1)), vlan: 1, port: 2, at: second)
    #expect(book.count == 1)
    // with a borrowed Ethernet source the claim stands beside, on its own port
    book.hear(announcement(station(1), 0x0A00_0099), vlan: 1, port: 2, at: second)
    #expect(book.station(station(1), vlan: 1, port: 1, at: second)?.addresses == [.v4(0x0A00_0001)])
    #expect(book.station(station(1), vlan: 1, port: 2, at: second)?.addresses == [.v4(0x0A00_0099)])
  }

  @Test func dhcpServerGrantsWhatWasAskedFor() throws {
    var book = AddressBook()
    try hear(frame("said-dhcp-request"), &book)
    #expect(me(book)?.addresses == [])
    for refused in ["said-dhcp-ack-other", "said-dhcp-nak"] {
      try hear(frame(refused), &book)
      #expect(me(book)?.addresses == [], "\(refused)")
    }
    // the server is on another port
    try book.hear(frame("said-dhcp-ack").bytes, vlan: 10, port: 9, at: 2 * second)
    #expect(me(book)?.addresses.map(\.description) == ["10.1.0.5"])
    #expect(me(book)?.hostName == "web-1")
    #expect(book.count(of: 9) == 0)
  }

  @Test func dhcpServerThatComesTooLateOrElsewhere() throws {
    var book = AddressBook()
    try hear(frame("said-dhcp-request"), &book)
    try book.hear(frame("said-dhcp-ack").bytes, vlan: 11, port: 9, at: second)
    try book.hear(frame("said-dhcp-ack").bytes, vlan: 10, port: 9, at: 32 * second)
    #expect(me(book)?.addresses == [])
  }

  @Test func ageing() {
    var book = AddressBook()
    let hour = AddressBook.lifetime
    book.hear(announcement(station(1), 0x0A00_0001), vlan: 1, port: 1, at: second)
    book.hear(announcement(station(1), 0x0A00_0002), vlan: 1, port: 1, at: 2 * second)
    let heard = { (now: UInt64) in book.station(station(1), vlan: 1, port: 1, at: now)?.addresses.count }
    #expect(heard(second + hour) == 2)
    #expect(heard(second + hour + 1) == 1)
    #expect(heard(2 * second + hour + 1) == nil)
    book.sweep(at: 2 * second + hour)
    #expect(book.count == 1)
    book.sweep(at: 2 * second + hour + 1)
    #expect(book.count == 0)
  }

  @Test func forgetting() {
    var book = AddressBook()
    for vlan in UInt16(1)...3 {
      for port in UInt16(1)...3 { book.hear(announcement(station(1), 0x0A00_0001), vlan: vlan, port: port, at: second) }
    }
    #expect(book.stations(with: .v4(0x0A00_0001), at: second).count == 9)
    book.forget(station(1), vlan: 2, port: 1)
    #expect(book.count == 8)
    book.forget(station(1), vlan: 1)
    #expect(book.count == 5)
    book.forget(port: 3)
    #expect(book.count == 3)
    #expect(book.stations(with: .v4(0x0A00_0001), at: second).map(\.port) == [2, 1, 2])
    book.forget(port: 77)
    book.forget(station(8), vlan: 1)
    #expect(book.count == 3)
  }

  @Test(
    arguments: [
      ("web-1", "web-1"), ("Web_1.lan", "Web_1.lan"), ("a b", "a-b"), ("", nil), ("---", nil), (".x.", "x"),
      ("a\0b", "a"),
      ("\u{1B}[2J", "2J"), ("né", "n"), (String(repeating: "x", count: 70), String(repeating: "x", count: 63)),
    ] as [(String, String?)]) func hostNames(octets: String, name: String?)
  {
    #expect(HostName.clean(Array(octets.utf8)) == name)
  }
}
