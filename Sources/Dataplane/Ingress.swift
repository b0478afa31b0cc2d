// The middle of a frame's way: from the bytes that were read to the verdict and its execution. Straight down;
// policy lives in Bridge.decide, egress in Delivery.

internal import BridgeCore
internal import Capture
internal import LinuxIO
internal import Offload
internal import Wire

extension Worker {
  /// Handles the frame that was received into the arena.
  /// - Returns: the cost of what it caused, beside its own reading.
  mutating func receive(_ received: PortIO.Received, from port: PortIndex) -> Int32 {
    let count = received.count
    let slot = unsafe ports[port]
    let counters = unsafe slot.pointee.counters
    let landing = unsafe arena.landed(received)
    let length = max(0, count &- FrameArena.offloadHeader)
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: landing[min(count, FrameArena.offloadHeader)..<count])
    unsafe counters.add(.rxFrames)
    unsafe counters.add(.rxBytes, length)

    guard count >= FrameArena.offloadHeader, count < landing.count else {
      let reason: DropReason = count < landing.count ? .badOffload : .oversize
      return unsafe drop(reason, bytes, from: port, segments: 1)
    }
    let header: FrameHeader
    do {
      header = try unsafe FrameHeader(parsing: bytes.bytes)
    } catch {
      return unsafe drop(error == .runt ? .runt : .badTag, bytes, from: port, segments: 1)
    }
    guard let frame = unsafe checkOffload(landing, bytes, header) else {
      return unsafe drop(.badOffload, bytes, from: port, segments: 1)
    }
    let verdict = bridge.decide(header, from: port, at: now)
    let taught = verdict.teach ? teach(header.source, vlan: verdict.vlan, on: port) : 0
    if verdict.action == .drop {
      return unsafe taught &+ drop(verdict.reason, bytes, from: port, segments: frame.segments)
    }

    if unsafe slot.pointee.polices, let reason = unsafe police(frame, verdict, from: port) {
      return unsafe taught &+ drop(reason, bytes, from: port, segments: frame.segments)
    }

    unsafe counters.add(.rxSegments, frame.segments)
    unsafe capture.record(bytes, from: port, handle: slot.pointee.handle, verdict, at: realTime)
    return unsafe taught &+ deliver(frame, header, verdict, from: port)
  }

  /// Puts the checked offload header in the place of the one that came in.
  /// - Returns: the frame, or nil where the header asks for what the frame does not bear.
  @inline(__always)
  private func checkOffload(
    _ landing: UnsafeMutableRawBufferPointer, _ bytes: UnsafeRawBufferPointer, _ header: FrameHeader
  ) -> Frame? {
    guard let start = landing.baseAddress else { return nil }
    if unsafe VirtioNetHeader.asksNothing(UnsafeRawBufferPointer(landing)) {
      unsafe VirtioNetHeader.clear(landing)
      return unsafe Frame(
        start: start, count: FrameArena.offloadHeader &+ bytes.count, payload: bytes.count &- header.payloadOffset,
        segments: 1, form: .plain, header: header)
    }
    guard let raw = try? unsafe VirtioNetHeader(parsing: UnsafeRawBufferPointer(landing).bytes),
      case .accepted(let clean, let segments) = unsafe OffloadCheck.validate(raw, frame: bytes.bytes, header: header)
    else { return nil }
    unsafe clean.store(to: landing)
    let segment = clean.isSegmented ? Int(clean.headerLength) &+ Int(clean.gsoSize) : bytes.count
    return unsafe Frame(
      start: start, count: FrameArena.offloadHeader &+ bytes.count, payload: segment &- header.payloadOffset,
      segments: segments, form: clean.isSegmented ? .segmented : clean.isChecksumPartial ? .partialChecksum : .plain,
      header: header)
  }

  /// Tells control of a guard that shuts the port it is for; once, until the port is adjusted or attached anew.
  @inline(never)
  private mutating func trip(_ reason: DropReason, on port: PortIndex) {
    let slot = unsafe ports[port]
    guard unsafe !slot.pointee.tripped else { return }
    guard reason == .bpduGuard || bridge.policy(of: port).macLimitAction == .shutdown else { return }
    unsafe slot.pointee.tripped = true
    unsafe notify(.guardTripped(port, serial: slot.pointee.serial, reason))
  }

  /// Takes a frame that is for the switch itself: a probe of its own, which control judges. It gets so many a second.
  @inline(never)
  mutating func consume(_ frame: Frame, from port: PortIndex) -> Int32 {
    let counters = unsafe ports[port].pointee.counters
    unsafe counters.add(.consumed)
    if unsafe ports.aside(port).pointee.probes.takes(atMost: Worker.probesPerSecond, at: now) {
      unsafe heard.note(frame.ethernet, on: port)
    }
    return Cost.lesson
  }

  /// Own probes handed to control, of each port.
  private static var probesPerSecond: UInt32 { 20 }

  /// Counts a frame that goes nowhere, and keeps its front.
  private mutating func drop(
    _ reason: DropReason, _ bytes: UnsafeRawBufferPointer, from port: PortIndex, segments: Int
  ) -> Int32 {
    let slot = unsafe ports[port]
    let counters = unsafe slot.pointee.counters
    unsafe counters.add(.rxSegments, segments)
    unsafe counters.drop(reason, at: realTime)
    unsafe ports.lastFrames.note(bytes, reason, on: port, at: realTime)
    unsafe capture.record(bytes, from: port, handle: slot.pointee.handle, .drop(reason), at: realTime)
    if reason == .bpduGuard || reason == .macLimit { trip(reason, on: port) }
    return 0
  }
}
