// What a kernel makes of a merged frame, in the plainest way: octet by octet, sharing no code with what is tested.

/// Sums and segments by the letter of RFC 1071 and of Linux's segmentation, for comparison only.
enum Naive {
  struct Layers {
    var version: Int
    var isTCP: Bool
    var network: Int
    var transport: Int
    var headers: Int
    var field: Int { transport + (isTCP ? 16 : 6) }
  }

  static func sum(_ bytes: some Sequence<UInt8>, _ start: Int = 0) -> Int {
    var sum = start
    var isHigh = true
    for byte in bytes {
      sum += isHigh ? Int(byte) << 8 : Int(byte)
      isHigh.toggle()
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }

  static func put(_ value: Int, _ bytes: inout [UInt8], _ offset: Int) {
    bytes[offset] = UInt8(value >> 8 & 0xFF)
    bytes[offset + 1] = UInt8(value & 0xFF)
  }

  static func fillHeaderSum(_ bytes: inout [UInt8], _ network: Int) {
    put(0, &bytes, network + 10)
    put(~sum(bytes[network..<network + 20]) & 0xFFFF, &bytes, network + 10)
  }

  static func pseudo(_ bytes: [UInt8], _ layers: Layers) -> Int {
    let addresses =
      layers.version == 4 ? layers.network + 12..<layers.network + 20 : layers.network + 8..<layers.network + 40
    return sum(bytes[addresses], (layers.isTCP ? 6 : 17) + bytes.count - layers.transport)
  }

  static func fillPartial(_ bytes: inout [UInt8], _ layers: Layers) { put(pseudo(bytes, layers), &bytes, layers.field) }

  static func fillSum(_ bytes: inout [UInt8], _ layers: Layers) {
    put(0, &bytes, layers.field)
    let value = ~sum(bytes[layers.transport...], pseudo(bytes, layers)) & 0xFFFF
    put(value == 0 && !layers.isTCP ? 0xFFFF : value, &bytes, layers.field)
  }

  static func layers(_ frame: [UInt8]) -> Layers {
    var network = 14
    while frame[network - 2] == 0x81 { network += 4 }
    let version = Int(frame[network] >> 4)
    let transport = network + (version == 4 ? 20 : 40)
    let isTCP = frame[network + (version == 4 ? 9 : 6)] == 6
    let headers = transport + (isTCP ? Int(frame[transport + 12] >> 4) * 4 : 8)
    return Layers(version: version, isTCP: isTCP, network: network, transport: transport, headers: headers)
  }

  /// The frames on the wire, checksums filled in, that a frame with its offload header stands for.
  static func wire(_ octets: [UInt8]) -> [[UInt8]] {
    let frame = Array(octets[12...])
    guard octets[0] & 1 != 0 else { return [frame] }
    let layers = layers(frame)
    guard octets[1] != 0 else {
      var whole = frame
      fillSum(&whole, layers)
      return [whole]
    }
    let size = Int(octets[4]) | Int(octets[5]) << 8
    let payload = frame[layers.headers...]
    var result: [[UInt8]] = []
    var position = 0
    while position < payload.count {
      let end = min(position + size, payload.count)
      var segment = Array(frame[..<layers.headers]) + payload[payload.startIndex + position..<payload.startIndex + end]
      if layers.version == 4 {
        put(segment.count - layers.network, &segment, layers.network + 2)
        let first = Int(frame[layers.network + 4]) << 8 | Int(frame[layers.network + 5])
        put(first + result.count, &segment, layers.network + 4)
        fillHeaderSum(&segment, layers.network)
      } else {
        put(segment.count - layers.transport, &segment, layers.network + 4)
      }
      if layers.isTCP {
        var sequence = UInt32(0)
        for index in 4..<8 { sequence = sequence << 8 | UInt32(frame[layers.transport + index]) }
        sequence &+= UInt32(position)
        put(Int(sequence >> 16), &segment, layers.transport + 4)
        put(Int(sequence & 0xFFFF), &segment, layers.transport + 6)
        if end < payload.count { segment[layers.transport + 13] &= ~0x09 }
        if position > 0 { segment[layers.transport + 13] &= ~0x80 }
      } else {
        put(segment.count - layers.transport, &segment, layers.transport + 4)
      }
      fillSum(&segment, layers)
      result.append(segment)
      position = end
    }
    return result
  }
}
