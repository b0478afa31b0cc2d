// A reader beside the writer: whatever it finds under a key is something that once stood there.

import BridgeCore
import Synchronization
import Testing
import Wire

@Suite struct ConcurrencyTests {
  /// The one place where the bridge is shared: its writer is one task, all others hold readers.
  private final class Owner: @unchecked Sendable {
    var bridge: Bridge
    init(_ bridge: consuming Bridge) { self.bridge = bridge }
  }

  @Test(arguments: seeds.suffix(2)) func readerNeverSeesAnotherKeysPort(seed: UInt64) async {
    // an address only ever stands on ports that are its number modulo 64
    let owner = Owner(makeBridge(ports: 256, capacity: 64, seed: seed))
    let reader = owner.bridge.reader
    let done = Flag()
    async let found = Self.read(reader, until: done, seed: seed)
    await Self.write(owner, seed: seed)
    done.value.store(true, ordering: .releasing)
    let count = await found
    #expect(count > 0)
    // the owner outlives the reader
    withExtendedLifetime(owner) {}
  }

  private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
  }

  private static func write(_ owner: Owner, seed: UInt64) async {
    var random = SeededRandom(seed: seed)
    for _ in 0..<200_000 {
      let number = Int.random(in: 0..<500, using: &random)
      let home = port(number % 64 + 64 * Int.random(in: 0..<4, using: &random))
      switch Int.random(in: 0..<32, using: &random) {
      case 0..<6: owner.bridge.remove(station(number), vlan: 1)
      case 6: owner.bridge.flush(port: home, vlan: nil)
      case 7: owner.bridge.addEntry(station(number), vlan: 1, on: home, kind: .sticky, at: tick(0))
      default: owner.bridge.teach(station(number), vlan: 1, on: home, at: tick(0))
      }
    }
  }

  private static func read(_ reader: ForwardingTable.Reader, until done: Flag, seed: UInt64) async -> Int {
    var random = SeededRandom(seed: ~seed)
    var found = 0
    var wrong = 0
    repeat {
      for _ in 0..<500 {
        let number = Int.random(in: 0..<500, using: &random)
        guard let entry = reader.find(station(number), vlan: 1, at: tick(0)) else { continue }
        found += 1
        if entry.port.slot % 64 != number % 64 || entry.mac != station(number) { wrong += 1 }
      }
      for entry in dump(reader, at: tick(0), chunk: 10) {
        found += 1
        if entry.port.slot % 64 != Int(entry.mac.bits & 0xFFFF) % 64 || entry.vlan != 1 { wrong += 1 }
      }
    } while !done.value.load(ordering: .acquiring)
    #expect(wrong == 0, "seed \(seed)")
    return found
  }
}
