// The way of events and seen frames from one worker to the observer. Bounded, and the worker never waits: what finds no
// room is left out, and of events it is counted how many.

internal import BridgeCore
internal import Synchronization

/// A seen frame as it lies in a ring.
struct SeenCopy: BitwiseCopyable {
  let time: UInt64
  let port: PortIndex
  let vlan: UInt16
  let length: UInt32
  private var bytes = InlineArray<64, UInt64>(repeating: 0)

  /// Copies the front of a frame to `place`.
  /// - Parameter frame: from its destination address on.
  static func write(
    _ frame: UnsafeRawBufferPointer, port: PortIndex, vlan: UInt16, at time: UInt64,
    to place: UnsafeMutablePointer<SeenCopy>
  ) {
    let length = min(frame.count, SeenFrame.limit)
    unsafe place.initialize(
      to: SeenCopy(time: time, port: port, vlan: vlan, length: UInt32(truncatingIfNeeded: length)))
    unsafe withUnsafeMutableBytes(of: &place.pointee.bytes) {
      unsafe $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[..<length]))
    }
  }

  private init(time: UInt64, port: PortIndex, vlan: UInt16, length: UInt32) {
    self.time = time
    self.port = port
    self.vlan = vlan
    self.length = length
  }

  /// What was kept of the frame.
  var octets: [UInt8] { unsafe withUnsafeBytes(of: bytes) { unsafe [UInt8]($0.prefix(Int(length))) } }
}

/// The rings of one worker. A handle on memory that is freed once, after both threads have ended.
@safe
struct ObservationRings: @unchecked Sendable, BitwiseCopyable {
  private static var events: Int { 8192 }
  private static var frames: Int { 256 }
  /// Frames of all ports that are shown in a second.
  static var framesPerSecond: UInt32 { 2000 }
  /// … and of one port.
  static var framesPerPort: UInt32 { 100 }

  private let events: BoundedRing<BridgeEvent>
  private let frames: BoundedRing<SeenCopy>
  /// Events ever lost; written by the worker alone.
  private let lost: UnsafeMutablePointer<Atomic<Int>>

  init() throws(PageMemoryError) {
    let events = try BoundedRing<BridgeEvent>(capacity: ObservationRings.events)
    do {
      frames = try BoundedRing<SeenCopy>(capacity: ObservationRings.frames)
    } catch {
      events.deallocate()
      throw error
    }
    self.events = events
    unsafe lost = .allocate(capacity: 1)
    unsafe lost.initialize(to: Atomic(0))
  }

  func deallocate() {
    events.deallocate()
    frames.deallocate()
    unsafe lost.deallocate()
  }

  /// By the worker: moves all that the log holds here.
  func take(_ log: EventLog) {
    var missing = log.lost
    for index in 0..<log.count where !events.append(log[index]) { missing &+= 1 }
    if missing > 0 { unsafe lost.pointee.store(lost.pointee.load(ordering: .relaxed) &+ missing, ordering: .releasing) }
    log.clear()
  }

  /// By the worker: copies the front of a frame.
  /// - Parameters:
  ///   - frame: from its destination address on.
  ///   - time: nanoseconds since 1970.
  /// - Returns: whether there was room.
  func show(_ frame: UnsafeRawBufferPointer, port: PortIndex, vlan: UInt16, at time: UInt64) -> Bool {
    guard let place = unsafe frames.vacancy() else { return false }
    unsafe SeenCopy.write(frame, port: port, vlan: vlan, at: time, to: place)
    frames.publish()
    return true
  }

  /// By the observer: whether there is something to drain.
  /// - Parameter lost: what `drain` returned last.
  func isEmpty(_ lost: Int) -> Bool {
    unsafe events.waiting == 0 && frames.waiting == 0 && self.lost.pointee.load(ordering: .acquiring) == lost
  }

  /// By the observer: takes out what is there now.
  /// - Parameter known: what this returned last; 0 at first.
  /// - Returns: how many events were ever lost.
  func drain(into observations: inout Observations, known: Int) -> Int {
    let total = unsafe lost.pointee.load(ordering: .acquiring)
    observations.lost += total - known
    for _ in 0..<events.waiting {
      guard let event = events.next() else { break }
      observations.events.append(event)
    }
    for _ in 0..<frames.waiting {
      guard let copy = unsafe frames.oldest else { break }
      observations.frames.append(
        unsafe SeenFrame(
          port: copy.pointee.port, vlan: copy.pointee.vlan, bytes: copy.pointee.octets, time: copy.pointee.time))
      frames.release()
    }
    return total
  }
}
