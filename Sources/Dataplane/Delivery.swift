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
    guard verdict.action == .deliver else { return unsafe spread(frame, header, verdict, from: port) }
    unsafe counters.add(.forwarded)
    guard unsafe ports[verdict.port].pointee.merges else {
      return unsafe send(frame, to: verdict.port, vlan: verdict.vlan)
    }
    return unsafe merge(frame, header, to: verdict.port, vlan: verdict.vlan)
  }

  /// To many, or to the switch itself.
  @inline(never)
  private mutating func spread(_ frame: Frame, _ header: FrameHeader, _ verdict: Verdict, from port: PortIndex) -> Int32
  {
    guard verdict.action == .flood else { return unsafe consume(frame, from: port) }
    if observes { unsafe look(at: frame, header, verdict, from: port) }
    let counters = unsafe ports[port].pointee.counters
    unsafe counters.add(.flooded)
    let cost = flush()
    return unsafe cost &+ flood(frame, verdict, from: port, counters)
  }

  /// To one port, now.
  @inline(__always)
  mutating func send(_ frame: Frame, to port: PortIndex, vlan: UInt16) -> Int32 {
    guard unsafe frame.tag == 0, unsafe ports[port].pointee.native == vlan else {
      return unsafe sendShaped(frame, to: port, vlan: vlan)
    }
    return unsafe transmit(frame, to: port)
  }

  /// To one port, after a look at the tags: from trunk to trunk it is mostly right as it is.
  @inline(never)
  private mutating func sendShaped(_ frame: Frame, to port: PortIndex, vlan: UInt16) -> Int32 {
    let slot = unsafe ports[port]
    let named = unsafe UInt32(slot.pointee.tpid) &<< 16 | UInt32(vlan)
    if unsafe frame.tag & 0xFFFF_0FFF == named, unsafe frame.tag &>> 16 == ingressTagType,
      unsafe slot.pointee.native != vlan
    {
      return unsafe transmit(frame, to: port)
    }
    var shaped = unsafe ShapedFrame(frame, vlan: vlan, ingress: ingressTagType)
    guard unsafe shaped.shape(for: slot, vlan: vlan) else {
      unsafe lose(frame, .writeError, to: port)
      return 1
    }
    return unsafe transmit(shaped.frame, to: port)
  }

  /// To each port of a flood, in one walk: its tag is changed whenever the next port wants another than the last one
  /// did.
  private mutating func flood(
    _ frame: Frame, _ verdict: Verdict, from port: PortIndex, _ counters: CounterBlock
  ) -> Int32 {
    var cost: Int32 = 0
    var copies = 0
    var shaped = unsafe ShapedFrame(frame, vlan: verdict.vlan, ingress: ingressTagType)
    var members = bridge.members(of: verdict, from: port)
    while let member = members.next() {
      copies &+= 1
      guard unsafe shaped.shape(for: ports[member], vlan: verdict.vlan) else {
        unsafe lose(shaped.frame, .writeError, to: member)
        continue
      }
      cost &+= unsafe transmit(shaped.frame, to: member)
    }
    unsafe counters.add(.floodCopies, copies)
    return cost
  }

  /// One frame, in the form that the port takes, counted on it.
  @inline(__always)
  mutating func transmit(_ frame: Frame, to port: PortIndex) -> Int32 {
    let slot = unsafe ports[port]
    guard unsafe slot.pointee.gate == .open, unsafe frame.payload <= slot.pointee.mtu else {
      return unsafe transmitGated(frame, to: port)
    }
    return unsafe put(frame, to: port)
  }

  /// The same where the port is shut, or takes only so much, or less than the frame.
  @inline(never)
  private mutating func transmitGated(_ frame: Frame, to port: PortIndex) -> Int32 {
    let slot = unsafe ports[port]
    let reason: DropReason
    if unsafe slot.pointee.gate == .shut {
      reason = .portDown
    } else if unsafe frame.payload > slot.pointee.mtu {
      reason = .egressMTU
    } else if unsafe ports.aside(port).pointee.output.passes(
      frame.count &- FrameArena.offloadHeader, ports.clocks[port.slot], at: nanoseconds)
    {
      return unsafe put(frame, to: port)
    } else {
      reason = .rateOut
    }
    unsafe lose(frame, reason, to: port)
    return 1
  }

  /// Writes a frame, or what it is to be made into for the port.
  @inline(__always)
  private mutating func put(_ frame: Frame, to port: PortIndex) -> Int32 {
    let slot = unsafe ports[port]
    guard unsafe frame.form <= slot.pointee.takes else { return unsafe convert(frame, to: port) }
    unsafe write(frame.bytes, segments: frame.segments, joined: frame.joined, to: port)
    return unsafe Cost.write(frame.count)
  }

  /// Counts a copy that its port does not get, as many frames as it is made of, and keeps its front.
  @inline(never)
  mutating func lose(_ frame: Frame, _ reason: DropReason, to port: PortIndex) {
    unsafe lose(frame.ethernet, reason, joined: frame.joined, to: port)
  }

  /// - Parameter bytes: the frame from its destination address on.
  @inline(never)
  private mutating func lose(_ bytes: UnsafeRawBufferPointer, _ reason: DropReason, joined: UInt16, to port: PortIndex)
  {
    let counters = unsafe ports[port].pointee.counters
    unsafe counters.drop(reason, joined, at: realTime)
    unsafe ports.lastFrames.note(bytes, reason, on: port, at: realTime)
  }

  /// The write itself, counted.
  /// - Parameter joined: how many received frames it is made of; lost, it counts as so many.
  @inline(__always)
  mutating func write(
    _ bytes: UnsafeRawBufferPointer, segments: Int, joined: UInt16 = 1, to port: PortIndex
  ) {
    let slot = unsafe ports[port]
    let counters = unsafe slot.pointee.counters
    let result = unsafe slot.pointee.io.transmit(bytes)
    if result >= 0 {
      unsafe counters.add(.txFrames)
      unsafe counters.add(.txBytes, bytes.count &- FrameArena.offloadHeader)
      unsafe counters.add(.txSegments, segments)
      if joined > 1 { unsafe counters.add(.merged, Int(joined) &- 1) }
    } else {
      let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[FrameArena.offloadHeader...])
      unsafe lose(frame, Worker.egressReason(Int32(truncatingIfNeeded: -result)), joined: joined, to: port)
    }
  }

  /// What a failed write means (facts: a TAP whose link is down answers EIO, one whose device is gone EBADFD).
  private static func egressReason(_ code: Int32) -> DropReason {
    switch code {
    case Errno.inputOutput, Errno.badDescriptorState, Errno.networkDown, Errno.noSuchDevice, Errno.brokenPipe,
      Errno.connectionReset:
      .portDown
    case Errno.again, Errno.noBuffers: .queueFull
    // A packet socket takes one tag beyond the interface's mtu, and no more.
    case Errno.messageSize: .egressMTU
    default: .writeError
    }
  }
}
