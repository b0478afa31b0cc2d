// Several workers on one table: every port is known to all of them, a source stays in order, and what one hears all
// know. Worth running under the thread sanitizer.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(3)))
struct WorkersTests {
  private static func frame(to: Int, from: Int, number: UInt32) -> [UInt8] {
    let address = { (station: Int) -> [UInt8] in [2, 0, 0, 0, 0, UInt8(station)] }
    return Array(repeating: 0, count: 12) + (to < 0 ? Array(repeating: 255, count: 6) : address(to)) + address(from)
      + [0x88, 0xB5] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
      + Array(repeating: 0, count: 40)
  }

  private static func number(_ frame: [UInt8]) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(frame[26 + $1]) << (8 * UInt32($1)) }
  }

  /// Ports 0 ..< `count`, each with a station that the table knows.
  private static func lab(_ count: Int, workers: Int) async throws -> Lab {
    let lab = try await Lab.dataplane(workers: workers)
    for slot in 0..<count { try await lab.add(slot) }
    for guest in lab.guests { try guest.put(frame(to: -1, from: guest.port.slot, number: 0)) }
    try await lab.settle()
    for slot in 0..<count { try await known(slot, in: lab) }
    for guest in lab.guests { _ = guest.take() }
    return lab
  }

  /// Teaching takes a moment where another worker writes the table.
  private static func known(_ slot: Int, in lab: Lab) async throws {
    let dataplane = try #require(lab.engine as? Dataplane)
    try await until("station \(slot) is known") {
      dataplane.table.find(station(slot), vlan: 1, at: dataplane.now)?.port == port(slot)
    }
  }

  @Test("Numbered streams between all ports: whole, in order, in the books", arguments: [1, 2, 3, 5])
  func streams(workers: Int) async throws {
    let lab = try await Self.lab(6, workers: workers)
    var expected = [UInt32](repeating: 0, count: 36)
    for round in 0..<300 as Range<UInt32> {
      for guest in lab.guests {
        let from = guest.port.slot
        let to = (from + 1 + Int(round) % 5) % 6
        try await guest.push(Self.frame(to: to, from: from, number: round))
      }
      guard round % 20 == 19 else { continue }
      try await lab.settle()
      for guest in lab.guests {
        for frame in guest.take() {
          let from = Int(frame[23])
          let number = Self.number(frame)
          #expect(number >= expected[from * 6 + guest.port.slot], "from \(from) to \(guest.port.slot)")
          expected[from * 6 + guest.port.slot] = number + 1
        }
      }
    }
    for guest in lab.guests {
      #expect(lab.counters(guest.port.slot)[.forwarded] == 300)
      #expect(lab.counters(guest.port.slot)[.txFrames] == 305, "300 streams and five introductions")
    }
    try await lab.audit()
  }

  @Test("A station that moves from one worker's port to another's is followed")
  func moves() async throws {
    let lab = try await Self.lab(4, workers: 4)
    let wanderer = station(77)
    let dataplane = try #require(lab.engine as? Dataplane)
    // Five moves: a sixth within ten seconds would pin it.
    for slot in [0, 1, 2, 3, 1, 0] {
      try #require(lab.guest(slot)).put(Self.frame(to: -1, from: 77, number: 1))
      try await until("it is behind \(slot)") {
        dataplane.table.find(wanderer, vlan: 1, at: dataplane.now)?.port == port(slot)
      }
      for guest in lab.guests { _ = guest.take() }
      let other = (slot + 1) % 4
      try #require(lab.guest(other)).put(Self.frame(to: 77, from: other, number: 2))
      try await lab.settle()
      for guest in lab.guests {
        #expect(guest.take().count == (guest.port.slot == slot ? 1 : 0), "at \(slot), port \(guest.port.slot)")
      }
    }
    try await lab.audit()
  }

  @Test("Ports come and go beside a stream that loses nothing")
  func comeAndGo() async throws {
    let lab = try await Self.lab(3, workers: 3)
    let sender = try #require(lab.guest(0))
    let receiver = try #require(lab.guest(1))
    var next: UInt32 = 0
    var numbers: [UInt32] = []
    for round in 0..<40 as Range<UInt32> {
      let slot = 3 + Int(round) % 5
      try await lab.add(slot)
      for _ in 0..<20 {
        try await sender.push(Self.frame(to: 1, from: 0, number: next))
        next += 1
      }
      try #require(lab.guest(slot)).put(Self.frame(to: -1, from: slot, number: 0))
      try await lab.settle()
      try await lab.remove(slot)
      numbers += receiver.take().filter { $0[12] != 255 }.map(Self.number)
    }
    #expect(numbers.elementsEqual(0..<next))
    let dataplane = try #require(lab.engine as? Dataplane)
    for slot in 3..<8 { #expect(dataplane.table.find(station(slot), vlan: 1, at: dataplane.now) == nil) }
    try await lab.audit()
  }

  @Test("Lessons come in order, and a full ring refuses")
  func ring() throws {
    let ring = try LessonRing(capacity: LessonRing.lessons)
    defer { ring.deallocate() }
    func lesson(_ number: Int) -> Lesson {
      Lesson(source: station(number), port: port(number % 8), vlan: 1, tick: Tick(rawValue: 0))
    }
    for lap in 0..<3 {
      for number in 0..<ring.capacity { #expect(ring.append(lesson(lap * 10_000 + number))) }
      #expect(!ring.append(lesson(1)))
      for number in 0..<ring.capacity { #expect(ring.next()?.source == station(lap * 10_000 + number)) }
      #expect(ring.next() == nil)
    }
  }
}
