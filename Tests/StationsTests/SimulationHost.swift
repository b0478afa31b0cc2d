// A host of the simulated network: it says who it is, talks to others, and counts what reaches it.

import Wire

final class SimulatedHost {
  let address: MACAddress
  var cable: Cable?
  /// Frames that were for it alone, by sender.
  private(set) var heard: [MACAddress: Int] = [:]

  init(_ address: MACAddress) { self.address = address }

  func clear() { heard = [:] }

  func receive(_ frame: SimulatedFrame) {
    guard let header = try? unsafe FrameHeader(parsing: frame.bytes.span.bytes), header.destination == address else {
      return
    }
    heard[header.source, default: 0] += 1
  }

  func send(to destination: MACAddress, _ network: SimulatedNetwork) {
    guard let cable else { return }
    let bytes = octets(destination.bits, 6) + octets(address.bits, 6) + [8, 0] + [UInt8](repeating: 0, count: 46)
    network.carry(SimulatedFrame(bytes: bytes), cable, from: 0)
  }

  func broadcast(_ network: SimulatedNetwork) {
    if let cable { network.carry(SimulatedFrame(bytes: announcement(address, 0x0A00_0001)), cable, from: 0) }
  }

  /// Broadcasts and talks to the others now and then, at times that the seed chooses.
  func live(_ network: SimulatedNetwork, every interval: UInt64) {
    network.after(UInt64.random(in: interval / 2...interval * 3 / 2, using: &network.random)) {
      [unowned self, unowned network] in
      if Int.random(in: 0..<4, using: &network.random) == 0 {
        broadcast(network)
      } else if let other = network.hosts.randomElement(using: &network.random), other !== self {
        send(to: other.address, network)
      }
      live(network, every: interval)
    }
  }
}
