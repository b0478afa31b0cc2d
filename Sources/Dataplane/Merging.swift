// The stage between a verdict and Delivery.transmit for ports that take frames which stand for several: frames of one
// flow that came in one batch are joined. Nothing is held beyond the batch, and no frame passes another of its flow.

internal import BridgeCore
internal import LinuxIO
internal import Offload
internal import Wire

extension Worker {
  /// Sends a frame to one port, now or at the end of the batch.
  /// - Returns: the cost of what it caused up to now.
  mutating func merge(_ frame: Frame, _ header: FrameHeader, to port: PortIndex, vlan: UInt16) -> Int32 {
    guard unsafe frame.count < Worker.largestPiece,
      let candidate = unsafe MergeCandidate(frame: frame.ethernet, offload: frame.offload, header: header)
    else {
      // Of no flow that could be told, or of any: whatever waits for the port was there before.
      let cost = flush(to: port)
      return unsafe cost &+ send(frame, to: port, vlan: vlan)
    }
    var cost: Int32 = 0
    let index = held.index(of: candidate, to: port)
    if index >= 0 {
      switch unsafe held[index].pointee.merged.append(candidate, frame: frame.ethernet) {
      case .merged: return Cost.merge
      case .mergedAndFull: return Cost.merge &+ finish(at: index)
      case .refused, .otherFlow: cost = finish(at: index)
      }
    }
    let takes = unsafe candidate.isTCP || ports[port].pointee.mergesDatagrams
    guard takes, candidate.mayLead else { return unsafe cost &+ send(frame, to: port, vlan: vlan) }
    if held.isFull { cost &+= finish(at: 0) }
    return unsafe cost &+ hold(frame, candidate, to: port, vlan: vlan)
  }

  /// Frames of so many octets and more are not joined: to copy one costs as much as to write it, and one that waits for
  /// the next is one that its receiver does not have yet.
  private static var largestPiece: Int { 16_384 }

  /// Begins with a frame that followers may join; one that is whole already goes at once.
  private mutating func hold(_ frame: Frame, _ candidate: MergeCandidate, to port: PortIndex, vlan: UInt16) -> Int32 {
    let merged = unsafe MergedFrame(
      start: frame.start, capacity: FrameArena.room &- 1, count: frame.count, candidate: candidate)
    guard !merged.isFull, let buffer = arena.hold() else { return unsafe send(frame, to: port, vlan: vlan) }
    unsafe held.append(HeldFrame(merged: merged, frame: frame, port: port, vlan: vlan, buffer: buffer))
    return 0
  }

  /// Sends what waits for a port, in the order in which it came.
  mutating func flush(to port: PortIndex) -> Int32 {
    var cost: Int32 = 0
    var index = 0
    while index < held.count {
      if unsafe held[index].pointee.port == port { cost &+= finish(at: index) } else { index &+= 1 }
    }
    return cost
  }

  /// Sends all that waits: at the end of a batch, and before a frame that goes to many.
  mutating func flush() -> Int32 {
    var cost: Int32 = 0
    while held.count > 0 { cost &+= finish(at: 0) }
    return cost
  }

  private mutating func finish(at index: Int) -> Int32 {
    let waiting = unsafe held.remove(at: index)
    let (count, segments) = unsafe waiting.merged.finish()
    let frame = unsafe waiting.frame.grown(to: count, segments: segments, joined: waiting.merged.frames)
    let cost = unsafe send(frame, to: waiting.port, vlan: waiting.vlan)
    arena.release(unsafe waiting.buffer)
    return cost
  }
}
