// What tests on packet sockets need: a cable with two ends, a socket on an end, frames with partial checksums.

import CLinux
import Glibc
import Testing
import Wire

@testable import LinuxIO

/// A veth pair for the length of a test. Nothing speaks on it by itself.
final class Cable {
  let near: String
  let far: String

  /// - Parameters:
  ///   - namespace: where the far end is, as `eth0` with this address; nil for the own one.
  ///   - suffix: of both names.
  init(far namespace: TestNamespace? = nil, address: String? = nil, suffix: String = "") throws {
    near = Machine.unique("pn") + suffix
    far = namespace == nil ? Machine.unique("pf") + suffix : "eth0"
    let place = namespace.map { " netns \($0.name)" } ?? ""
    try Devices.ip("link add \(near) type veth peer name \(far)\(place)")
    try Cable.silence(near)
    try Devices.ip("link set \(near) up")
    if let namespace {
      if let address { try namespace.ip("address add \(address) dev \(far)") }
      try namespace.ip("link set \(far) up")
    } else {
      try Cable.silence(far)
      try Devices.ip("link set \(far) up")
    }
    // The end that was up first gets its carrier from a worker of the kernel, up to a second later; what is sent there
    // before is dropped without a word.
    guard Devices.soon(5, { (try? Devices.ip("link show \(near)"))?.contains("state UP") == true }) else {
      throw CommandFailure(description: "\(near) does not come up")
    }
  }

  deinit { _ = try? Devices.ip("link del \(near)") }

  private static func silence(_ name: String) throws {
    try Command.run("sh", "-c", "f=/proc/sys/net/ipv6/conf/\(name)/disable_ipv6; [ ! -e $f ] || echo 1 > $f")
  }
}

/// A packet socket by the system calls alone.
final class PacketSocket: Sendable {
  let descriptor: Int32
  let isShort: Bool
  var io: PortIO { PortIO(descriptor: descriptor, form: isShort ? .packetShort : .packet) }

  init(_ interface: String, short: Bool = false) throws {
    var isShort: Int32 = -1
    let index = Int32(bitPattern: unsafe if_nametoindex(interface))
    descriptor = try checked(unsafe ts_packet_open(index, short ? 1 : 0, &isShort), "ts_packet_open", interface)
    self.isShort = isShort != 0
  }

  deinit { _ = ts_close(descriptor) }

  @discardableResult
  func send(_ frame: [UInt8]) -> Int {
    unsafe frame.withUnsafeBytes { unsafe io.transmit($0) }
  }

  /// The next frame with its offload header, or the error.
  func receive(room: Int = 70000) -> Landed { Landed(io, room: room) }

  /// The next frame within a second; nil if none comes.
  func next(within milliseconds: Int32 = 1000) -> Landed? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe Glibc.poll(&entry, 1, milliseconds) > 0 else { return nil }
    return receive()
  }
}

/// What one `receive` brought.
struct Landed {
  let count: Int
  let front: Int
  /// With the offload header; empty for an error.
  let bytes: [UInt8]

  init(_ io: PortIO, room: Int) {
    let headroom = 16
    // What a frame must not be read from stands out.
    var buffer = [UInt8](repeating: 0xEE, count: headroom + room)
    let received = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe io.receive(into: UnsafeMutableRawBufferPointer(rebasing: bytes[headroom...]))
    }
    count = received.count
    front = received.front
    let start = headroom - received.front
    bytes = Array(buffer[start..<min(buffer.count, start + max(0, received.count))])
  }

  var frame: [UInt8] { Array(bytes.dropFirst(12)) }
  var header: VirtioNetHeader? { try? unsafe bytes.withUnsafeBytes { try unsafe VirtioNetHeader(parsing: $0.bytes) } }
}

/// Calls of the C library for the calling thread that Swift does not see there.
enum Thread {
  /// unshare(2), setns(2) or prctl(2).
  static func call(_ name: String, _ first: Int32, _ second: Int32 = 0) -> Int32 {
    typealias Call = @convention(c) (Int32, Int) -> Int32
    guard let address = unsafe dlsym(nil, name) else { return -1 }
    return unsafe unsafeBitCast(address, to: Call.self)(first, Int(second))
  }

  /// Gives all rights up but this capability; the other threads have none.
  static func keep(capability: UInt32) -> Bool {
    guard call("prctl", 8 /* PR_SET_KEEPCAPS */, 1) == 0 else { return false }
    Devices.PermissionTests.giveUpRights()
    // struct __user_cap_header_struct, then two of __user_cap_data_struct: effective, permitted, inheritable.
    var words: [UInt32] = [0x2008_0522, 0, 1 << capability, 1 << capability, 0, 0, 0, 0]
    typealias Call = @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Int32
    guard let address = unsafe dlsym(nil, "capset") else { return false }
    return unsafe words.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      return unsafe unsafeBitCast(address, to: Call.self)(base, base + 8) == 0
    }
  }
}

/// Frames made by hand.
enum Sample {
  /// Behind any addresses a test uses, so that nobody takes it in.
  static let addresses: [UInt8] = [0x02, 0, 0, 0, 0xAA, 1, 0x02, 0, 0, 0, 0xBB, 2]

  static func tag(_ type: UInt16, _ control: UInt16) -> [UInt8] { octets(type) + octets(control) }
  static func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

  /// A frame of an experimental type, `size` octets long with its tags.
  static func plain(size: Int = 60, tags: [UInt8] = [], to destination: [UInt8]? = nil) -> [UInt8] {
    let head = (destination.map { $0 + addresses[6...] } ?? addresses) + tags + [0x88, 0xB5]
    return head + (head.count..<max(size, head.count)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  }

  static func header(_ change: (inout VirtioNetHeader) -> Void = { _ in }) -> [UInt8] {
    var header = VirtioNetHeader()
    change(&header)
    var bytes = [UInt8](repeating: 0, count: VirtioNetHeader.size)
    unsafe bytes.withUnsafeMutableBytes { _ = unsafe header.store(to: $0) }
    return bytes
  }

  /// A datagram whose checksum is still to be completed, with its offload header.
  static func partialUDP(tags: [UInt8] = [], payload: Int = 300) -> [UInt8] {
    let start = 14 + tags.count + 20
    let length = UInt16(8 + payload)
    let segment =
      octets(4000) + octets(5000) + octets(length) + pseudoSum(17, length)
      + (0..<payload).map { UInt8(truncatingIfNeeded: $0) }
    let header = header {
      $0.flags = VirtioNetHeader.needsChecksum
      $0.checksumStart = UInt16(start)
      $0.checksumOffset = 6
    }
    return header + addresses + tags + [8, 0] + ipv4(17, length) + segment
  }

  /// A frame that stands for `segments` of 1,448 octets of a TCP stream, with its offload header.
  static func gsoTCP(tags: [UInt8] = [], segments: Int = 45) -> [UInt8] {
    let start = 14 + tags.count + 20
    let length = UInt16(20 + segments * 1448)
    let tcp: [UInt8] =
      octets(4000) + octets(5000) + [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xFF, 0xFF] + pseudoSum(6, length) + [0, 0]
    let header = header {
      $0.flags = VirtioNetHeader.needsChecksum
      $0.gsoType = VirtioNetHeader.gsoTCPv4
      $0.gsoSize = 1448
      $0.headerLength = UInt16(start + 20)
      $0.checksumStart = UInt16(start)
      $0.checksumOffset = 16
    }
    let payload = (0..<segments * 1448).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    return header + addresses + tags + [8, 0] + ipv4(6, length) + tcp + payload
  }

  private static let endpoints: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2]

  private static func ipv4(_ number: UInt8, _ length: UInt16) -> [UInt8] {
    let head: [UInt8] = [0x45, 0] + octets(length + 20) + [0, 1, 0, 0, 64, number]
    let sum = ~fold(head + endpoints)
    return head + octets(sum) + endpoints
  }

  /// The sum over the pseudo-header, which is what stands in a partial checksum.
  private static func pseudoSum(_ number: UInt8, _ length: UInt16) -> [UInt8] {
    octets(fold(endpoints + [0, number] + octets(length)))
  }

  private static func fold(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count - 1, by: 2) {
      sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return UInt16(sum)
  }
}
