// From the fuzzer's octets to frames with offload headers. Random octets have no true checksum and no flow has two frames
// in them; so a record may ask that lengths and sums be made true, and may go on with the flow of the record before.

internal import Wire

/// The input: one octet of options, then records `[control | length, 2 octets | …]`.
struct Script {
  /// What a record's control octet asks for.
  private enum Control {
    /// The octets that follow are payload only, behind the headers of the last frame, with its numbers counted on.
    static let follow: UInt8 = 0x01
    /// Lengths and checksums are made true at last.
    static let repair: UInt8 = 0x02
    /// With `follow`: no payload is given, so many octets of it are made up.
    static let generate: UInt8 = 0x04
    /// With `follow`: the IPv4 identification stands still.
    static let fixed: UInt8 = 0x08
    /// With `follow`: PSH or FIN, in TCP.
    static let push: UInt8 = 0x10
    static let end: UInt8 = 0x20
    /// With `follow`: a partial checksum becomes a full one, and the other way round.
    static let toggle: UInt8 = 0x40
    /// Two more octets: a position in the frame, and what is XORed to the octet there before the repair; position 255
    /// is the checksum of TCP or UDP, after it.
    static let patch: UInt8 = 0x80
    static let spoil: UInt8 = 255
  }

  /// More frames are in no batch of interest, and more octets only take time.
  private static let mostFrames = 200
  private static let mostOctets = 400_000

  /// How large a merged frame may become; small ones are reached with few octets.
  let capacity: Int
  private let input: [UInt8]
  private var position = 1
  private var frames = 0
  private var octets = 0
  private var last: [UInt8] = []

  init(_ input: [UInt8]) {
    self.input = input
    capacity = (input.first ?? 0) & 1 == 0 ? 65_577 : 1_000
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    let end = min(position + count, input.count)
    defer { position = end }
    return input[position..<end]
  }

  /// The next frame with its offload header.
  mutating func next() -> [UInt8]? {
    guard position + 3 <= input.count, frames < Script.mostFrames, octets < Script.mostOctets else { return nil }
    let control = input[position]
    let length = Int(input[position + 1]) << 8 | Int(input[position + 2])
    position += 3
    let patch = control & Control.patch == 0 ? [] : Array(take(2))
    var frame: [UInt8]
    if control & Control.follow != 0, let parts = Parts(Array(last.dropFirst(VirtioNetHeader.size))) {
      frame = followed(parts, control, length)
    } else {
      frame = Array(take(length))
    }
    if patch.count == 2, patch[0] != Control.spoil, VirtioNetHeader.size + Int(patch[0]) < frame.count {
      frame[VirtioNetHeader.size + Int(patch[0])] ^= patch[1]
    }
    if control & Control.repair != 0, frame.count > VirtioNetHeader.size { Script.repair(&frame) }
    if patch.count == 2, patch[0] == Control.spoil, let parts = Parts(Array(frame.dropFirst(VirtioNetHeader.size))) {
      frame[VirtioNetHeader.size + parts.field] ^= patch[1]
    }
    last = frame
    frames += 1
    octets += frame.count
    return frame
  }

  private mutating func followed(_ parts: Parts, _ control: UInt8, _ length: Int) -> [UInt8] {
    let headers = VirtioNetHeader.size + parts.headers
    let before = last.count - headers
    var frame = Array(last[..<headers])
    if control & Control.generate != 0 {
      frame += (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ frames) }
    } else {
      frame += take(length)
    }
    let unit = Int(last[4]) | Int(last[5]) << 8
    let segments = last[1] != 0 && unit != 0 ? max(1, (before + unit - 1) / unit) : 1
    if parts.isIPv4, control & Control.fixed == 0 {
      let place = VirtioNetHeader.size + parts.network + 4
      frame.put(frame.number(place) + segments, place)
    }
    if parts.isTCP {
      let place = VirtioNetHeader.size + parts.transport
      let sequence = UInt32(frame.number(place + 4) << 16 | frame.number(place + 6)) &+ UInt32(before)
      frame.put(Int(sequence >> 16), place + 4)
      frame.put(Int(sequence & 0xFFFF), place + 6)
      frame[place + 13] &= ~0x89
      if control & Control.push != 0 { frame[place + 13] |= 0x08 }
      if control & Control.end != 0 { frame[place + 13] |= 0x01 }
    }
    if control & Control.toggle != 0 { frame[0] ^= VirtioNetHeader.needsChecksum }
    return frame
  }

  /// Makes lengths and sums true, as far as the headers can be told apart.
  private static func repair(_ octets: inout [UInt8]) {
    var frame = Array(octets[VirtioNetHeader.size...])
    guard let header = frame.header else { return }
    let network = header.payloadOffset
    switch header.etherType {
    case .ipv4:
      guard frame.count >= network + 20 else { return }
      frame.put(frame.count - network > 0xFFFF ? 0 : frame.count - network, network + 2)
      let end = min(frame.count, network + Int(frame[network] & 15) * 4)
      frame.put(0, network + 10)
      frame.put(~Reference.sum(frame[network..<max(end, network + 20)]), network + 10)
    case .ipv6:
      guard frame.count >= network + 40 else { return }
      frame.put(frame.count - network - 40 > 0xFFFF ? 0 : frame.count - network - 40, network + 4)
    default: return
    }
    guard let parts = Parts(frame, segmented: true) else { return }
    if !parts.isTCP { frame.put(frame.count - parts.transport, parts.transport + 4) }
    octets.replaceSubrange(VirtioNetHeader.size..., with: frame)
    if octets[0] & VirtioNetHeader.needsChecksum == 0 {
      Reference.fillSum(&frame, parts)
    } else {
      frame.put(Reference.pseudoHeader(frame, parts), parts.field)
      octets[6] = UInt8(truncatingIfNeeded: parts.transport)
      octets[7] = UInt8(truncatingIfNeeded: parts.transport >> 8)
      octets[8] = UInt8(parts.field - parts.transport)
      octets[9] = 0
    }
    octets.replaceSubrange(VirtioNetHeader.size..., with: frame)
  }
}
