// One port of a lab: a SOCK_SEQPACKET socket pair in the place of a TAP. The data plane has the near end, the test
// is the guest at the far one and keeps books of what it sent and got.

import BridgeCore
import Glibc
import Synchronization
import Testing

final class Guest: Sendable {
  let port: PortIndex
  let serial: UInt32
  let near: Int32
  let far: Int32
  let handle: UInt32

  /// Frames, and octets without offload header, that the socket took from the guest and gave to it.
  let sent = Atomic<Int>(0)
  let sentBytes = Atomic<Int>(0)
  let received = Atomic<Int>(0)
  let receivedBytes = Atomic<Int>(0)
  private let farIsOpen = Atomic<Bool>(true)

  static let largest = 200_000

  init(port: PortIndex, serial: UInt32, handle: UInt32 = 0) throws {
    self.port = port
    self.serial = serial
    self.handle = handle
    var pair: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0)
    near = pair[0]
    far = pair[1]
  }

  deinit {
    hangUp()
    close(near)
  }

  /// The other end goes away, as far as a socket can show it.
  func hangUp() {
    if farIsOpen.exchange(false, ordering: .relaxed) { close(far) }
  }

  /// Octets of a frame, sent with its offload header, that the data plane can come to know of: it reads no more.
  private static func readable(_ count: Int) -> Int { min(max(0, count - 12), 65_566) }

  /// Offers a frame with its offload header.
  /// - Returns: false if there was no room.
  func offer(_ bytes: [UInt8]) -> Bool {
    let count = unsafe send(far, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    guard count == bytes.count else { return false }
    sentBytes.add(Guest.readable(bytes.count), ordering: .relaxed)
    sent.add(1, ordering: .relaxed)
    return true
  }

  /// Sends a frame for which there must be room.
  func put(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    try #require(offer(bytes), "no room in the socket (errno \(errno))", sourceLocation: sourceLocation)
  }

  /// Sends a frame, waiting for room.
  func push(_ bytes: [UInt8]) async throws {
    try await until("room to send on port \(port.slot)") { offer(bytes) }
  }

  /// All frames that wait, each with its offload header.
  func take() -> [[UInt8]] {
    var frames: [[UInt8]] = []
    unsafe withUnsafeTemporaryAllocation(byteCount: Guest.largest, alignment: 8) { buffer in
      while farIsOpen.load(ordering: .relaxed) {
        let count = unsafe recv(far, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else { break }
        received.add(1, ordering: .relaxed)
        receivedBytes.add(count - 12, ordering: .relaxed)
        frames.append(unsafe [UInt8](buffer.prefix(count)))
      }
    }
    return frames
  }

  /// The frames that the guest sent and nobody read are taken back; only when the near end is not in use.
  func takeBack() {
    var buffer = [UInt8](repeating: 0, count: Guest.largest)
    while true {
      let count = unsafe recv(near, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      sent.subtract(1, ordering: .relaxed)
      sentBytes.subtract(Guest.readable(count), ordering: .relaxed)
    }
  }
}
