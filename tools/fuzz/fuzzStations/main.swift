// Fuzz target for all that is read out of frames beside forwarding: the summary in one line, the address book, the loop
// probe. Octets are a row of `[port | length, 2 octets | frame]`. Besides not trapping, each must keep what it promises;
// a broken promise traps. Without FUZZING it replays the files given as arguments.

internal import FuzzDriver
internal import Stations
internal import Wire

/// A promise that was broken: the fuzzer reports the input.
func require(_ condition: Bool, _ promise: StaticString) {
  if !condition { fatalError("broken: \(promise)") }
}

/// What hears the frames, and a bystander whom none of them may touch.
struct World {
  static let ports = UInt16(4)
  static let quietPort: UInt16 = 200
  static let bystander = MACAddress(bits: 0x0200_0000_0001)
  static let address = NetworkAddress.v4(0x0A00_0001)

  var book = AddressBook(capacity: 16)
  var probe = LoopProbe(secret: 1)
  var now: UInt64 = 1_000_000_000

  init() {
    let announcement: [UInt8] =
      [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1]
      + [0, 0, 0, 0, 0, 0, 10, 0, 0, 1]
    book.hear(announcement, vlan: 1, port: World.quietPort, at: now)
    for port in 0..<World.ports { probe.start(port, at: now) }
    _ = probe.send(at: now)
  }

  mutating func frame(_ bytes: RawSpan, port: UInt16, cut: Int) {
    now += 20_000_000
    summary(bytes, length: bytes.byteCount + cut)
    parsers(bytes)
    book.hear(bytes, vlan: 1, port: port, at: now)
    require(book.count <= 16, "the book is bounded")
    if let header = try? FrameHeader(parsing: bytes) { station(header.source, port) }
    let witness = book.station(World.bystander, vlan: 1, port: World.quietPort, at: now)
    require(witness?.addresses == [World.address] && witness?.hostName == nil, "who said nothing is as before")
    if case .shut(let sender) = probe.heard(bytes, on: port, at: now) {
      require(sender < World.ports && !probe.isProbing(port), "only the port that heard is shut")
      guard let fields = ProbeFrame(parsing: bytes) else { return require(false, "what was believed is a probe") }
      require(fields.source == probe.source && fields.sent <= now, "what was believed is ours")
      probe.start(port, at: fields.sent)
    }
  }

  private func station(_ mac: MACAddress, _ port: UInt16) {
    guard let station = book.station(mac, vlan: 1, port: port, at: now) else { return }
    require(station.addresses.count <= AddressBook.addressLimit, "addresses are bounded")
    require(station.addresses == station.addresses.sorted(), "addresses are in order")
    require(station.addresses.allSatisfy { $0.isOneStation }, "addresses are stations'")
    guard let name = station.hostName else { return }
    require((1...63).contains(name.utf8.count), "names are bounded")
    require(name.utf8.allSatisfy { (0x2D...0x7A).contains($0) && $0 != 0x2F && $0 != 0x60 }, "names are plain")
  }

  private func summary(_ bytes: RawSpan, length: Int) {
    let line = FrameSummary.text(of: bytes, length: length)
    require(line.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "…" }, "one printable line")
    require(line.utf8.count < 900, "a line that can be read")
  }

  /// On any octets, not only where a frame leads to.
  private func parsers(_ bytes: RawSpan) {
    _ = DHCPMessage(parsing: bytes)
    _ = NeighbourMessage(parsing: bytes)
    for type in [EtherType.ipv4, .ipv6, .arp] {
      guard let packet = PacketPrefix(parsing: bytes, type, length: bytes.byteCount) else { continue }
      require(packet.transportOffset >= 20 && packet.packetEnd >= 0, "a packet has a header")
    }
    guard let (labels, next) = DomainName.parse(bytes, at: bytes.byteCount / 2) else { return }
    require(next > bytes.byteCount / 2 && next <= bytes.byteCount, "a name has an end")
    require(labels.reduce(0) { $0 + $1.count + 1 } <= 255, "a name is bounded")
    require(labels.allSatisfy { (1...63).contains($0.count) }, "labels are bounded")
  }
}

func one(_ input: UnsafeRawBufferPointer) {
  var world = World()
  let octets = unsafe Array(input)
  var position = 0
  // more frames than this only take time
  for _ in 0..<200 {
    guard position + 3 <= octets.count else { return }
    let port = UInt16(octets[position] % UInt8(World.ports))
    // the upper bits of the port say how much of the frame was cut off
    let cut = Int(octets[position] >> 4) * 100
    let length = Int(octets[position + 1]) << 8 | Int(octets[position + 2])
    position += 3
    let end = min(position + length, octets.count)
    unsafe octets[position..<end].withUnsafeBytes { unsafe world.frame($0.bytes, port: port, cut: cut) }
    position = end
  }
}

unsafe fuzz(one)
