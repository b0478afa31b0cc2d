// The last stage before PortIO.transmit: hands a frame to the port or ports of its verdict, in the form that each
// wants (tagged or not), and counts each copy as transmitted or as dropped for an egress reason.

internal import BridgeCore
internal import LinuxIO
internal import Offload
internal import Wire

extension Worker {
  /// Executes a verdict that is no drop.
  /// - Returns: the cost of the writes it caused.
  @inline(__always)
  mutating func deliver(_ frame: Frame, _ header: FrameHeader, _ verdict: Verdict, from port: PortIndex) -> Int32 {
    let counters = unsafe ports[port].pointee.counters
    guard verdict.action == .flood else {
      unsafe counters.add(.forwarded)
      guard unsafe ports[verdict.port].pointee.merges else {
        return unsafe send(frame, to: verdict.port, vlan: verdict.vlan)
      }
      return unsafe merge(frame, header, to: verdict.port, vlan: verdict.vlan)
    }
    unsafe counters.add(.flooded)
    let cost = flush()
    return unsafe cost &+ flood(frame, verdict, from: port, counters)
  }

  /// To one port, now.
  @inline(__always)
  mutating func send(_ frame: Frame, to port: PortIndex, vlan: UInt16) -> Int32 {
    guard unsafe frame.carriesTag(of: vlan), unsafe ports[port].pointee.native == vlan else {
      return unsafe transmit(frame, to: port)
    }
    return unsafe transmit(frame.untagged(), to: port)
  }

  /// To each member of a flood set but the ingress port: first as received, then, after the tag was taken off
  /// once, to those that want it without.
  private mutating func flood(
    _ frame: Frame, _ verdict: Verdict, from port: PortIndex, _ counters: CounterBlock
  ) -> Int32 {
    var cost: Int32 = 0
    var copies = 0
    let strips = unsafe frame.carriesTag(of: verdict.vlan)
    var members = bridge.members(of: verdict.floodSet, strips ? .tagged : .all, without: port)
    while let member = members.next() {
      cost &+= unsafe transmit(frame, to: member)
      copies &+= 1
    }
    if strips {
      let bare = unsafe frame.untagged()
      var members = bridge.members(of: verdict.floodSet, .untagged, without: port)
      while let member = members.next() {
        cost &+= unsafe transmit(bare, to: member)
        copies &+= 1
      }
    }
    unsafe counters.add(.floodCopies, copies)
    return cost
  }

  /// One frame, in the form that the port takes, counted on it.
  private mutating func transmit(_ frame: Frame, to port: PortIndex) -> Int32 {
    let slot = unsafe ports[port]
    let counters = unsafe slot.pointee.counters
    guard unsafe slot.pointee.transmits else {
      unsafe counters.drop(.portDown, frame.joined, at: realTime)
      return 1
    }
    guard unsafe frame.payload <= slot.pointee.mtu else {
      unsafe counters.drop(.egressMTU, frame.joined, at: realTime)
      return 1
    }
    guard unsafe frame.form <= slot.pointee.takes else { return unsafe convert(frame, to: port) }
    unsafe write(frame.bytes, segments: frame.segments, joined: frame.joined, to: slot)
    return unsafe Cost.write(frame.count)
  }

  /// The write itself, counted.
  /// - Parameter joined: how many received frames it is made of; lost, it counts as so many.
  @inline(__always)
  func write(
    _ bytes: UnsafeRawBufferPointer, segments: Int, joined: UInt16 = 1, to slot: UnsafeMutablePointer<PortSlot>
  ) {
    let counters = unsafe slot.pointee.counters
    let result = unsafe slot.pointee.io.transmit(bytes)
    if result >= 0 {
      unsafe counters.add(.txFrames)
      unsafe counters.add(.txBytes, bytes.count &- FrameArena.offloadHeader)
      unsafe counters.add(.txSegments, segments)
      if joined > 1 { unsafe counters.add(.merged, Int(joined) &- 1) }
    } else {
      unsafe counters.drop(Worker.egressReason(Int32(truncatingIfNeeded: -result)), joined, at: realTime)
    }
  }

  /// What a failed write means (facts: a TAP whose link is down answers EIO, one whose device is gone EBADFD).
  private static func egressReason(_ code: Int32) -> DropReason {
    switch code {
    case Errno.inputOutput, Errno.badDescriptorState, Errno.networkDown, Errno.noSuchDevice, Errno.brokenPipe,
      Errno.connectionReset:
      .portDown
    case Errno.again, Errno.noBuffers: .queueFull
    default: .writeError
    }
  }
}
