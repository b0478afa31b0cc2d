// Frames of TCP and UDP flows for the tests of coalescing, built field by field.

import Offload
import Wire

/// One frame, field by field.
struct FlowFrame {
  enum Sum: CaseIterable { case full, partial, wrong, none }

  var version = 4
  var isTCP = true
  var tags: [UInt16] = []
  var macs: [UInt8] = [0x52, 0x54, 0, 0xAA, 0, 2, 0x52, 0x54, 0, 0xAA, 0, 1]
  var trafficClass: UInt8 = 0
  var flowLabel = 0
  var hops: UInt8 = 64
  var identification = 7
  /// Reserved, don't fragment, more fragments, offset.
  var fragmentation = 0x4000
  var source: UInt8 = 1
  var ports = [1024, 80]
  var sequence: UInt32 = 1
  var acknowledgement: UInt32 = 9
  var flags: UInt8 = 0x10
  var reserved: UInt8 = 0
  var window = 500
  var urgent = 0
  var options: [UInt8] = []
  var payload: [UInt8] = []
  var padding = 0
  var sum = Sum.full
  /// Segment size, where the frame stands for several.
  var gsoSize = 0

  var network: Int { 14 + 4 * tags.count }
  var transport: Int { network + (version == 4 ? 20 : 40) }
  var headers: Int { transport + (isTCP ? 20 + options.count : 8) }
  var field: Int { isTCP ? 16 : 6 }

  /// As it is read from a port: the offload header and the frame.
  var octets: [UInt8] {
    var bytes = macs
    for tag in tags { bytes += [0x81, 0] + TestFrame.pair(Int(tag)) }
    let length = headers - transport + payload.count
    let number: UInt8 = isTCP ? 6 : 17
    if version == 4 {
      bytes += [8, 0, 0x45, trafficClass] + TestFrame.pair(length + 20) + TestFrame.pair(identification)
      bytes += TestFrame.pair(fragmentation) + [hops, number, 0, 0, 10, 1, 0, source, 10, 1, 0, 99]
    } else {
      bytes += [0x86, 0xDD, 0x60 | trafficClass >> 4, trafficClass << 4 | UInt8(flowLabel >> 16)]
      bytes += TestFrame.pair(flowLabel & 0xFFFF) + TestFrame.pair(length) + [number, hops]
      bytes += [0xFD] + [UInt8](repeating: 0, count: 14) + [source] + [0xFD] + [UInt8](repeating: 0, count: 14) + [99]
    }
    bytes += TestFrame.pair(ports[0]) + TestFrame.pair(ports[1])
    if isTCP {
      for word in [sequence, acknowledgement] {
        bytes += TestFrame.pair(Int(word >> 16)) + TestFrame.pair(Int(word & 0xFFFF))
      }
      bytes += [UInt8((20 + options.count) / 4) << 4 | reserved, flags] + TestFrame.pair(window) + [0, 0]
      bytes += TestFrame.pair(urgent) + options
    } else {
      bytes += TestFrame.pair(length) + [0, 0]
    }
    bytes += payload
    if version == 4 { Naive.fillHeaderSum(&bytes, network) }
    switch sum {
    case .full: Naive.fillSum(&bytes, self.layers)
    case .partial: Naive.fillPartial(&bytes, self.layers)
    case .wrong:
      Naive.fillSum(&bytes, self.layers)
      bytes[transport + field] ^= 0x40
    case .none: break
    }
    return header.octets + bytes + [UInt8](repeating: 0, count: padding)
  }

  var layers: Naive.Layers {
    Naive.Layers(version: version, isTCP: isTCP, network: network, transport: transport, headers: headers)
  }

  var header: VirtioNetHeader {
    var header = VirtioNetHeader()
    guard sum == .partial else { return header }
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(transport)
    header.checksumOffset = UInt16(field)
    guard gsoSize != 0 else { return header }
    header.gsoType = isTCP ? (version == 4 ? 1 : 4) : 5
    if isTCP && flags & 0x80 != 0 { header.gsoType |= 0x80 }
    header.gsoSize = UInt16(gsoSize)
    header.headerLength = UInt16(headers)
    return header
  }

  func with(_ change: (inout FlowFrame) -> Void) -> FlowFrame {
    var copy = self
    change(&copy)
    return copy
  }

  /// What an honest sender sends next: as many octets, or `count`.
  func next(_ count: Int? = nil) -> FlowFrame {
    with {
      let segments = gsoSize == 0 ? 1 : (payload.count + gsoSize - 1) / gsoSize
      $0.sequence = sequence &+ UInt32(payload.count)
      $0.identification = identification + segments & 0xFFFF
      $0.payload = FlowFrame.data(count ?? payload.count, from: Int(sequence & 0xFF) + 3)
      $0.flags &= ~0x80
    }
  }

  static func data(_ count: Int, from start: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ start) &* 31 &+ $0 >> 5) }
  }

  static func tcp(_ version: Int = 4, payload: Int = 100, sum: Sum = .full) -> FlowFrame {
    FlowFrame().with {
      $0.version = version
      $0.options = [1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6]
      $0.payload = data(payload)
      $0.sum = sum
    }
  }
  static func udp(_ version: Int = 4, payload: Int = 18, sum: Sum = .full) -> FlowFrame {
    FlowFrame().with {
      $0.version = version
      $0.isTCP = false
      $0.payload = data(payload)
      $0.sum = sum
    }
  }
}
