// Every pair of port capabilities: whatever a guest is allowed to send, each port gets it in a form that it takes, with
// the same payload in the same order and right sums, alone and among others.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

/// The most that a frame may ask for: of a port, what it takes and its guest may send; of a frame, what it asks for.
enum AskedForm: Int, CaseIterable, CustomTestStringConvertible {
  case finished, partialChecksum, segmented
  var testDescription: String { "\(self)" }
}

@Suite(.timeLimit(.minutes(3)))
struct CapabilityTests {
  private static let sender = 0
  /// One port for each capability.
  private static let receivers = AskedForm.allCases.map { $0.rawValue + 1 }
  private static let unknown = 99

  private static let pairs = AskedForm.allCases.flatMap { capability in
    AskedForm.allCases.filter { $0.rawValue <= capability.rawValue }.map { (capability, $0) }
  }

  private static func adjust(_ slot: Int, _ takes: AskedForm, enabled: Bool, in lab: Lab) async throws {
    let limits = PortLimits(
      mtu: 1500, native: 1, enabled: enabled, takesPartialChecksums: takes != .finished,
      takesSegmented: takes == .segmented)
    let reply = await lab.engine.perform(
      .adjust(port(slot), limits, PortPolicy(forwarding: enabled, nativeVID: 1)))
    guard case .done = reply else { throw TimedOut(description: "adjust: \(reply)") }
  }

  private static func lab(_ capability: AskedForm) async throws -> Lab {
    let lab = try await Lab.dataplane()
    try await lab.add(sender)
    try await adjust(sender, capability, enabled: true, in: lab)
    for (slot, takes) in zip(receivers, AskedForm.allCases) {
      try await lab.add(slot)
      try await adjust(slot, takes, enabled: true, in: lab)
    }
    for slot in receivers {
      for tags in [[], [(UInt16(0x8100), UInt16(7))]] {
        let hello = ethernet(to: mac(0xFFFF_FFFF_FFFF), from: station(slot), tags: tags)
        try #require(lab.guest(slot)).put(offload() + hello)
      }
    }
    try await lab.settle()
    for guest in lab.guests { _ = guest.take() }
    return lab
  }

  /// Sends `frames` so that they are read in one batch.
  private static func batch(_ frames: [[UInt8]], _ capability: AskedForm, _ lab: Lab) async throws {
    let guest = try #require(lab.guest(sender))
    try await adjust(sender, capability, enabled: false, in: lab)
    for frame in frames { try guest.put(frame) }
    try await adjust(sender, capability, enabled: true, in: lab)
    try await lab.settle()
  }

  @Test("TCP and UDP, IPv4 and IPv6, tagged and not, to ports that take all, checksums, nothing", arguments: pairs)
  func everyPair(capability: AskedForm, sent: AskedForm) async throws {
    let lab = try await Self.lab(capability)
    var trains = 0
    for tagging in Train.Tagging.allCases {
      for (isTCP, isIPv6) in [(true, false), (true, true), (false, false), (false, true)] {
        trains += 1
        for destination in Self.receivers + [Self.unknown] {
          let train = Train(isTCP: isTCP, isIPv6: isIPv6, tagging: tagging, destination: station(destination))
          try await Self.batch(train.frames(sent), capability, lab)
          for (slot, takes) in zip(Self.receivers, AskedForm.allCases) {
            let got = try #require(lab.guest(slot)).take()
            guard destination == slot || destination == Self.unknown else {
              #expect(got.isEmpty, "\(train): not for port \(slot)")
              continue
            }
            let wire = got.flatMap { train.wire($0, takes) }
            #expect(wire == train.wire, "\(train) at port \(slot)")
          }
        }
      }
    }

    // What the ports were spared, and what they were given beyond: to each, every train went once alone and once
    // flooded.
    let segments = Train.segments.count
    let frames = Train(isTCP: true, isIPv6: true, tagging: .none, destination: station(1)).frames(sent).count
    let hellos = 2 * (Self.receivers.count - 1)
    for (slot, takes) in zip(Self.receivers, AskedForm.allCases) {
      let counters = lab.counters(slot)
      #expect(counters.drops.isEmpty, "port \(slot)")
      #expect(counters[.merged] == UInt64(takes == .segmented ? trains * (frames - 1) : 0), "port \(slot)")
      #expect(counters[.split] == UInt64(takes == .segmented ? 0 : 2 * trains * (segments - frames)), "port \(slot)")
      #expect(counters[.txSegments] == UInt64(hellos + 2 * trains * segments), "port \(slot)")
    }
    #expect(lab.counters(Self.sender)[.rxSegments] == UInt64(4 * trains * segments))
    #expect(lab.counters(Self.sender).drops.isEmpty)
    try await lab.audit()
  }
}

// MARK: - What is sent, and what must arrive

/// Some octets of one flow, on their way through the switch. Sums are made here, octet by octet.
private struct Train: CustomStringConvertible {
  enum Tagging: CaseIterable {
    /// In the native VLAN: without a tag, with its tag, and with one that only bears a priority. Arrives without.
    case none, native, priority
    /// In another VLAN, with a priority. Arrives as it is.
    case other
  }

  let isTCP: Bool
  let isIPv6: Bool
  let tagging: Tagging
  let destination: MACAddress

  var description: String { "\(isTCP ? "TCP" : "UDP") over IPv\(isIPv6 ? 6 : 4), tag \(tagging), to \(destination)" }

  /// Odd sizes, so that no sum comes out right by chance.
  static let size = 101
  static let payload = (0..<663).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 5 &+ 7) }
  static let segments = stride(from: 0, to: payload.count, by: size).map { $0..<min($0 + size, payload.count) }

  private var sentTags: [(UInt16, UInt16)] {
    switch tagging {
    case .none: []
    case .native: [(0x8100, 1)]
    case .priority: [(0x8100, 0xA000)]
    case .other: [(0x8100, 0x6007)]
    }
  }
  private var arrivingTags: [(UInt16, UInt16)] { tagging == .other ? sentTags : [] }

  /// As the guest sends it: each frame by itself, or two that stand for three and four.
  func frames(_ form: AskedForm) -> [[UInt8]] {
    guard form == .segmented else {
      return Train.segments.map { offload(header($0, form, sentTags)) + frame($0, form, sentTags) }
    }
    let middle = 3 * Train.size
    return [0..<middle, middle..<Train.payload.count].map { range in
      offload(header(range, form, sentTags)) + frame(range, form, sentTags)
    }
  }

  /// What stands on the wire in the end.
  var wire: [[UInt8]] { Train.segments.map { frame($0, .finished, arrivingTags) } }

  private func network(_ tags: [(UInt16, UInt16)]) -> Int { 14 + 4 * tags.count }
  private var addresses: Range<Int> { isIPv6 ? 8..<40 : 12..<20 }
  private var ipLength: Int { isIPv6 ? 40 : 20 }
  private var field: Int { isTCP ? 16 : 6 }
  private var transportLength: Int { isTCP ? 32 : 8 }
  private var gsoType: UInt8 { isTCP ? (isIPv6 ? 4 : 1) : 5 }

  private func header(_ range: Range<Int>, _ form: AskedForm, _ tags: [(UInt16, UInt16)]) -> VirtioNetHeader {
    var header = VirtioNetHeader()
    guard form != .finished else { return header }
    let transport = network(tags) + ipLength
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(transport)
    header.checksumOffset = UInt16(field)
    guard form == .segmented else { return header }
    header.gsoType = isTCP && range.lowerBound == 0 ? gsoType | VirtioNetHeader.gsoECN : gsoType
    header.gsoSize = UInt16(Train.size)
    header.headerLength = UInt16(transport + transportLength)
    return header
  }

  /// One frame with the octets `range`: CWR on the first, PSH on the last, timestamps on all.
  private func frame(_ range: Range<Int>, _ form: AskedForm, _ tags: [(UInt16, UInt16)]) -> [UInt8] {
    let length = UInt16(transportLength + range.count)
    let id = UInt16(0xFFFE) &+ UInt16(range.lowerBound / Train.size)
    let next: UInt8 = isTCP ? 6 : 17
    var ip: [UInt8]
    if isIPv6 {
      ip = [0x60, 1, 2, 3] + big(length) + [next, 64]
      for end: UInt8 in [1, 2] { ip += [0xFD] + [UInt8](repeating: end, count: 15) }
    } else {
      ip = [0x45, 2] + big(20 + length) + big(id)
      ip += [0, 0, 64, next, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
    }
    let sequence = UInt32(0xFFFF_FF80) &+ UInt32(range.lowerBound)
    var flags: UInt8 = 0x10
    if range.lowerBound == 0 { flags |= 0x80 }
    if range.upperBound == Train.payload.count { flags |= 0x08 }
    var transport = big(4000) + big(9)
    if isTCP {
      transport += big(UInt16(sequence >> 16)) + big(UInt16(sequence & 0xFFFF))
      transport += [0, 0, 0, 5, 0x80, flags, 1, 0, 0, 0, 0, 0]
      transport += [1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 6]
    } else {
      transport += big(length) + [0, 0]
    }
    var bytes = ethernet(
      to: destination, from: station(0), tags: tags, type: isIPv6 ? 0x86DD : 0x0800,
      payload: ip + transport + Train.payload[range])
    fill(&bytes, tags, form)
    return bytes
  }
}

// MARK: - Sums and segments

extension Train {
  private static func sum(_ octets: ArraySlice<UInt8>, _ start: Int = 0) -> Int {
    var sum = start
    for (index, octet) in octets.enumerated() { sum += index % 2 == 0 ? Int(octet) << 8 : Int(octet) }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }

  private func pseudoHeader(_ frame: [UInt8], _ network: Int) -> Int {
    let length = frame.count - network - ipLength
    return Train.sum(
      frame[network + addresses.lowerBound..<network + addresses.upperBound], (isTCP ? 6 : 17) + length)
  }

  private static func put(_ value: Int, _ bytes: inout [UInt8], _ offset: Int) {
    bytes.replaceSubrange(offset..<offset + 2, with: big(UInt16(truncatingIfNeeded: value)))
  }

  /// Puts the sums in, the one of TCP or UDP as far as `form` wants it.
  private func fill(_ frame: inout [UInt8], _ tags: [(UInt16, UInt16)], _ form: AskedForm) {
    let network = network(tags)
    let transport = network + ipLength
    if !isIPv6 {
      Train.put(0, &frame, network + 10)
      Train.put(~Train.sum(frame[network..<transport]), &frame, network + 10)
    }
    let pseudo = pseudoHeader(frame, network)
    Train.put(form == .finished ? 0 : pseudo, &frame, transport + field)
    guard form == .finished else { return }
    let value = ~Train.sum(frame[transport...], pseudo) & 0xFFFF
    Train.put(value == 0 && !isTCP ? 0xFFFF : value, &frame, transport + field)
  }

  /// What a received frame stands for, after a look at whether it says so rightly, to a port that takes as much.
  func wire(_ octets: [UInt8], _ takes: AskedForm) -> [[UInt8]] {
    let tags = arrivingTags
    let frame = Array(octets.dropFirst(12))
    let network = network(tags)
    let headers = network + ipLength + transportLength
    guard octets.count > 12 + headers, octets[0] != 0 else {
      #expect(octets.prefix(12).allSatisfy { $0 == 0 }, "\(self): asks for nothing at all")
      return [frame]
    }
    #expect(takes != .finished, "\(self): the port takes finished frames only")
    let isSegmented = octets[1] != 0
    #expect(!isSegmented || takes == .segmented, "\(self): the port takes one frame at a time")
    // the first of a merge, or a frame with all the others behind it, says so by its CWR
    let isFirst = isTCP && frame[network + ipLength + 13] & 0x80 != 0
    var honest = header(isFirst ? 0..<1 : 1..<2, isSegmented ? .segmented : .partialChecksum, tags)
    honest.bufferCount = 0
    #expect(Array(octets[..<12]) == offload(honest), "\(self): offload header")
    let field = network + ipLength + field
    #expect(Array(frame[field..<field + 2]) == big(UInt16(pseudoHeader(frame, network))), "\(self): pseudo header")
    if !isIPv6 { #expect(Train.sum(frame[network..<network + 20]) == 0xFFFF, "\(self): IPv4 checksum") }
    let length = frame.count - network - (isIPv6 ? 40 : 0)
    let place = network + (isIPv6 ? 4 : 2)
    #expect(Array(frame[place..<place + 2]) == big(UInt16(length)), "\(self): IP length")
    guard isSegmented else {
      var whole = frame
      fill(&whole, tags, .finished)
      return [whole]
    }
    return stride(from: headers, to: frame.count, by: Train.size).map { segment(frame, headers, $0, network) }
  }

  /// The segment whose payload begins at `start`, as a kernel cuts it.
  private func segment(_ frame: [UInt8], _ headers: Int, _ start: Int, _ network: Int) -> [UInt8] {
    let end = min(start + Train.size, frame.count)
    var bytes = Array(frame[..<headers]) + frame[start..<end]
    let transport = network + ipLength
    let number = { (offset: Int) in Int(frame[offset]) << 8 | Int(frame[offset + 1]) }
    Train.put(bytes.count - network - (isIPv6 ? 40 : 0), &bytes, network + (isIPv6 ? 4 : 2))
    if !isIPv6 { Train.put(number(network + 4) + (start - headers) / Train.size, &bytes, network + 4) }
    if isTCP {
      let sequence = number(transport + 4) << 16 + number(transport + 6) + start - headers
      Train.put(sequence >> 16, &bytes, transport + 4)
      Train.put(sequence, &bytes, transport + 6)
      if start > headers { bytes[transport + 13] &= ~0x80 }
      if end < frame.count { bytes[transport + 13] &= ~0x09 }
    } else {
      Train.put(bytes.count - transport, &bytes, transport + 4)
    }
    fill(&bytes, arrivingTags, .finished)
    return bytes
  }
}
