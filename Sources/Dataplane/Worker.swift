// One worker: waits, reads the clock once, serves each ready port within its budget, then does what control asked.
// Everything it touches is its own or atomic; it holds no reference-counted value on the frame's way.

internal import BridgeCore
internal import Capture
internal import LinuxIO
internal import Wire

/// The state of one data-plane thread. Lives in a local variable of that thread and is passed `inout`.
struct Worker: ~Copyable {
  let number: Int
  var bridge: Bridge
  var ports: PortTable
  var arena: FrameArena
  var held = HeldFrames()
  let poller: Poller
  var capture: CaptureTap
  let mailbox: Mailbox<Envelope>
  let notify: @Sendable (Notice) -> Void
  /// Monotonic nanoseconds at which tick 0 began.
  let epoch: UInt64
  let part: TeachingPart
  var spin: Spin
  /// Where lessons go; nil for the teacher.
  let told: LessonRing?
  /// Lessons went there in this wake-up.
  var hasTold = false
  /// Read once per wake-up.
  var now = Tick(rawValue: 0)
  /// Nanoseconds since 1970, read once per wake-up.
  var realTime: UInt64 = 0

  init(
    number: Int = 0, bridge: consuming Bridge, ports: consuming PortTable, arena: consuming FrameArena,
    poller: consuming Poller, capture: consuming CaptureTap, mailbox: Mailbox<Envelope>,
    notify: @escaping @Sendable (Notice) -> Void, epoch: UInt64, part: TeachingPart = .teaches([]),
    spin: UInt64 = 0
  ) {
    self.number = number
    self.bridge = bridge
    self.ports = ports
    self.arena = arena
    self.poller = poller
    self.capture = capture
    self.mailbox = mailbox
    self.notify = notify
    self.epoch = epoch
    self.part = part
    self.spin = Spin(limit: spin)
    if case .tells(let ring, _) = part { told = ring } else { told = nil }
  }

  /// What the poller calls the mailbox; ports are their slot and serial.
  static let mailboxToken = UInt64.max

  static func token(_ port: PortIndex, serial: UInt32) -> UInt64 { UInt64(serial) << 16 | UInt64(port.rawValue) }

  /// Runs until control says stop.
  mutating func run() {
    var running = true
    while running {
      let ready = poller.wait(milliseconds: spin.wait)
      let time = Clock.monotonic()
      spin.note(found: ready > 0, at: time)
      // Looked and found nothing: nothing to do either.
      guard ready > 0 else { continue }
      readClocks(time)
      var letters = false
      for index in 0..<ready {
        let event = poller.event(at: index)
        if event.token == Worker.mailboxToken { letters = true } else { serve(event) }
      }
      capture.publish()
      passOn()
      if letters { running = applyLetters() }
    }
  }

  private mutating func readClocks(_ time: UInt64) {
    let tick = Tick(rawValue: UInt32(truncatingIfNeeded: (time &- epoch) / 1_000_000_000))
    realTime = Clock.realTime()
    guard tick != now else { return }
    now = tick
    bridge.sweep(at: now)
  }

  /// One round of deficit round robin for one port.
  private mutating func serve(_ event: Poller.Event) {
    let port = PortIndex(rawValue: UInt16(truncatingIfNeeded: event.token))
    let slot = unsafe ports[port]
    guard unsafe slot.pointee.isAttached, unsafe slot.pointee.serial == UInt32(truncatingIfNeeded: event.token >> 16)
    else { return }
    unsafe slot.pointee.deficit = min(Cost.quantum, slot.pointee.deficit &+ Cost.quantum)
    unsafe slot.pointee.lessons = Cost.lessonsPerRound
    var failure: Int32?
    while unsafe slot.pointee.deficit > 0 {
      let count = unsafe slot.pointee.io.receive(into: arena.landing)
      guard count > 0 else {
        // An empty queue saves no credit; a debt stays.
        unsafe slot.pointee.deficit = 0
        if event.isFailure || !Worker.isTransient(count) { failure = Int32(truncatingIfNeeded: -count) }
        break
      }
      unsafe slot.pointee.deficit &-= Cost.read(count)
      let caused = receive(count, from: port)
      unsafe slot.pointee.deficit &-= caused
    }
    let caused = flush()
    unsafe slot.pointee.deficit &-= caused
    if let failure { fail(port, code: failure) }
  }

  /// Nothing to read now, or no memory for it: the port stays.
  private static func isTransient(_ result: Int) -> Bool {
    switch Int32(truncatingIfNeeded: -result) {
    case Errno.again, Errno.interrupted, Errno.noMemory, Errno.noBuffers: true
    default: false
    }
  }

  /// The device is gone or cannot be read any more: it is left alone until control attaches it anew, so that a
  /// broken descriptor, which is readable for ever, costs nothing.
  private mutating func fail(_ port: PortIndex, code: Int32) {
    let slot = unsafe ports[port]
    unsafe poller.remove(slot.pointee.io.descriptor)
    unsafe slot.pointee.watched = false
    unsafe slot.pointee.transmits = false
    unsafe slot.pointee.failed = true
    unsafe notify(.portFailed(port, serial: slot.pointee.serial, code: code))
  }
}
