// The switch's own probes that came back in the wake-up at hand: kept here while frames pass, and handed to control
// after them.

internal import BridgeCore

/// Copies of probes, in memory that is laid out once. More than it holds in one wake-up say nothing that these do not.
@safe
struct HeardProbes: ~Copyable {
  static var limit: Int { 64 }

  private let copies: UnsafeMutablePointer<SeenCopy>
  private(set) var count = 0

  init() { unsafe copies = .allocate(capacity: HeardProbes.limit) }
  deinit { unsafe copies.deallocate() }

  /// Keeps the front of a frame, if there is room.
  mutating func note(_ frame: UnsafeRawBufferPointer, on port: PortIndex) {
    guard count < HeardProbes.limit else { return }
    unsafe SeenCopy.write(frame, port: port, vlan: 0, at: 0, to: copies + count)
    count &+= 1
  }

  /// Where probe `index`, below `count`, came in, and its octets.
  subscript(_ index: Int) -> (port: PortIndex, bytes: [UInt8]) {
    precondition(index < count)
    return unsafe (copies[index].port, copies[index].octets)
  }

  mutating func clear() { count = 0 }
}
