// Every form in which a frame can come in by every form in which a port can want it, with everything that an offload
// header can ask for: compared octet by octet with the reference switch, which edits arrays.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

/// The ports of the grid, and what may stand in front of a packet.
private enum Grid {
  static let ports: [(name: String, setup: PortSetup)] = [
    ("no settings", PortSetup()), ("access 7", .access(7).with { $0.accept = .all }),
    ("trunk, native 7", .trunk(native: 7)), ("trunk without native", .trunk()),
    ("88a8 trunk, native 7", .trunk(native: 7, tpid: 0x88A8)), ("88a8 trunk", .trunk(tpid: 0x88A8)),
    ("QinQ 7", .service(7)), ("QinQ 7 of 88a8", .service(7, tpid: 0x88A8)),
  ]

  static let tags: [[(UInt16, UInt16)]] = [
    [], [(0x8100, 7)], [(0x8100, 0xB007)], [(0x8100, 0xE000)], [(0x8100, 1)], [(0x88A8, 7)], [(0x88A8, 0xF007)],
    [(0x88A8, 0x5000)], [(0x9100, 7)], [(0x8100, 7), (0x8100, 20)], [(0x8100, 0xA000), (0x8100, 20)],
    [(0x88A8, 7), (0x8100, 20)], [(0x8100, 7), (0x88A8, 20)], [(0x88A8, 0), (0x88A8, 20)], [(0x9100, 7), (0x8100, 7)],
    [(0x8100, 7), (0x8100, 7), (0x88A8, 7), (0x9100, 7)],
  ]

  /// A switch with the ports as receivers from slot 1 on, and one as sender at slot 0; the reference with the same.
  static func make(
    sender: PortSetup, _ change: (inout PortSetup) -> Void = { _ in }
  ) throws -> (VirtualSwitch, ReferenceSwitch) {
    let bench = try VirtualSwitch()
    var reference = ReferenceSwitch()
    for (slot, setup) in ([sender] + ports.map(\.setup)).enumerated() {
      let setup = setup.with(change)
      try bench.add(slot, setup)
      reference.ports[slot] = setup
      guard slot > 0 else { continue }
      for vlan: UInt16 in [1, 7, 20] {
        guard case .done = try bench.perform(.addEntry(station(slot), vlan: vlan, port(slot), .static)) else {
          continue
        }
        reference.setStatic(station(slot), Int(vlan), slot)
      }
    }
    return (bench, reference)
  }

  /// To everyone, and to each.
  static let destinations = [.broadcast] + (1...ports.count).map { station($0) }
}

@Suite(.timeLimit(.minutes(3)))
struct TagGridTests {
  @Test(
    "B4: each receiver gets the tags it wants, in front of the same octets, and an offload header that is true of them",
    arguments: Grid.ports.indices, [true, false])
  func forms(sender: Int, coalesces: Bool) throws {
    let (bench, made) = try Grid.make(sender: Grid.ports[sender].setup) { $0.coalesces = coalesces }
    var reference = made
    for tags in Grid.tags {
      for packet in Packet.all {
        let header = packet.offloadHeader(tags: tags.count)
        let pattern = packet.frame(to: .broadcast, from: station(50), tags: tags)
        for destination in Grid.destinations {
          let frame = ethernet(to: destination, from: station(50)).prefix(6) + pattern[6...]
          bench.receive(header + frame, from: 0)
          reference.receive(offload() + frame, from: 0)
          for slot in 1...Grid.ports.count {
            let expected = reference.takeOut(slot).map {
              packet.offloadHeader(tags: tags.count + ($0.count - frame.count) / 4) + $0
            }
            let got = bench.take(slot)
            let (from, to) = (Grid.ports[sender].name, Grid.ports[slot - 1].name)
            #expect(got == expected, "from \(from), tags \(tags), \(packet.testDescription), at \(to)")
          }
        }
      }
    }
    for slot in 0...Grid.ports.count { #expect(bench.counted(slot).drops == reference.drops[slot] ?? [:]) }
    bench.audit()
  }

  @Test(
    "B8: to ports that take no offloads all of it comes finished: tags as wanted, sums right, nothing missing",
    arguments: Grid.ports.indices, [true, false])
  func finished(sender: Int, takesPartialChecksums: Bool) throws {
    let (bench, made) = try Grid.make(sender: Grid.ports[sender].setup) {
      $0.takesPartialChecksums = takesPartialChecksums
      $0.takesSegmented = false
    }
    var reference = made
    for tags in Grid.tags where tags.count < 4 {
      for packet in Packet.all {
        let frame = packet.frame(to: .broadcast, from: station(50), tags: tags)
        let front = frame.count - packet.frame(to: .broadcast, from: station(50), tags: []).count + 14
        bench.receive(packet.offloadHeader(tags: tags.count) + frame, from: 0)
        reference.receive([UInt8](repeating: 0, count: 12) + frame, from: 0)
        for slot in 1...Grid.ports.count {
          var name: String {
            "from \(Grid.ports[sender].name), tags \(tags), \(packet.testDescription), at slot \(slot)"
          }
          let got = bench.take(slot)
          guard let whole = reference.takeOut(slot).first else {
            #expect(got.isEmpty, "\(name)")
            continue
          }
          let network = front + whole.count - frame.count
          #expect(got.count == (packet.rest == .segments ? 4 : 1), "\(name)")
          var payload: [UInt8] = []
          for octets in got {
            var piece = Array(octets.dropFirst(12))
            #expect(Array(piece.prefix(network)) == Array(whole.prefix(network)), "\(name): addresses, tags and type")
            if takesPartialChecksums, packet.rest != .nothing {
              var one = packet
              one.rest = .checksum
              #expect(Array(octets.prefix(12)) == one.offloadHeader(tags: (network - 14) / 4), "\(name)")
              piece = Self.completed(piece, try unsafe VirtioNetHeader(parsing: octets.span.bytes))
            } else {
              #expect(octets.prefix(12).allSatisfy { $0 == 0 }, "\(name): asks for nothing")
            }
            payload += try #require(packet.finishedPayload(piece, network: network), "\(name)")
          }
          #expect(payload == packet.payload, "\(name)")
        }
      }
    }
    bench.audit()
  }

  /// As the receiver's kernel fills a checksum in.
  private static func completed(_ frame: [UInt8], _ header: VirtioNetHeader) -> [UInt8] {
    var frame = frame
    let start = Int(header.checksumStart)
    let value = ~Packet.sum(frame[start...])
    let field = start + Int(header.checksumOffset)
    frame.replaceSubrange(field..<field + 2, with: big(value == 0 ? 0xFFFF : value))
    return frame
  }

  @Test("A flood edits back and forth: the last port gets the same as the first, whatever stands between")
  func backAndForth() throws {
    let bench = try VirtualSwitch()
    let kinds = Grid.ports.map(\.setup)
    try bench.add(0, .trunk(native: 7))
    for slot in 1..<60 { try bench.add(slot, kinds[slot % kinds.count]) }
    for packet in Packet.all {
      let frame =
        packet.offloadHeader(tags: 1) + packet.frame(to: .broadcast, from: station(50), tags: [(0x8100, 0xB007)])
      bench.receive(frame, from: 0)
      var first: [Int: [UInt8]] = [:]
      for slot in 1..<60 {
        let got = bench.take(slot)
        #expect(got.count == 1)
        let kind = slot % kinds.count
        if let seen = first[kind] { #expect(got == [seen], "slot \(slot)") } else { first[kind] = got.first }
      }
      #expect(first.count == kinds.count)
    }
    #expect(bench.counted(0)[.floodCopies] == UInt64(59 * Packet.all.count))
    bench.audit()
  }
}
