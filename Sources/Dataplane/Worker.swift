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
  var heard = HeardProbes()
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
  /// Monotonic, read once per wake-up: by it buckets fill.
  var nanoseconds: UInt64 = 0
  /// `PortSlot.tagType` of the port whose frames are in the arena.
  var ingressTagType: UInt32 = 0
  /// Whom to tell of events and of frames that name stations, and the rings to do it by; nil for nobody.
  let observer: Observer?
  let rings: ObservationRings?
  /// Of all frames shown, those of this worker in a second, at the most.
  let shownPerSecond: UInt32
  var shown = Allowance()
  /// Something is in `rings` that the observer was not rung for.
  var hasShown = false
  var observes: Bool { rings != nil }

  init(
    number: Int = 0, bridge: consuming Bridge, ports: consuming PortTable, arena: consuming FrameArena,
    poller: consuming Poller, capture: consuming CaptureTap, mailbox: Mailbox<Envelope>,
    notify: @escaping @Sendable (Notice) -> Void, epoch: UInt64, part: TeachingPart = .teaches([]),
    spin: UInt64 = 0, observer: Observer? = nil
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
    self.observer = observer
    rings = observer.flatMap { number < $0.rings.count ? $0.rings[number] : nil }
    shownPerSecond = ObservationRings.framesPerSecond / UInt32(max(1, observer?.rings.count ?? 1))
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
      tellProbes()
      if letters { running = applyLetters() }
      report()
    }
  }

  private mutating func readClocks(_ time: UInt64) { begin(at: time, realTime: Clock.realTime()) }

  /// A wake-up begins: the time that all of it has.
  /// - Parameters:
  ///   - time: monotonic nanoseconds.
  ///   - realTime: nanoseconds since 1970.
  mutating func begin(at time: UInt64, realTime: UInt64) {
    nanoseconds = time
    self.realTime = realTime
    let tick = Tick(rawValue: UInt32(truncatingIfNeeded: (time &- epoch) / 1_000_000_000))
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
    unsafe ingressTagType = slot.pointee.tagType
    var failure: Int32?
    while unsafe slot.pointee.deficit > 0 {
      let received = unsafe slot.pointee.io.receive(into: arena.landing)
      let count = received.count
      guard count > 0 else {
        // An empty queue saves no credit; a debt stays.
        unsafe slot.pointee.deficit = 0
        let isTransient = unsafe Worker.isTransient(count, slot.pointee.io.form, event)
        if !isTransient { failure = Int32(truncatingIfNeeded: -count) }
        break
      }
      unsafe slot.pointee.deficit &-= Cost.read(count)
      let caused = receive(received, from: port)
      unsafe slot.pointee.deficit &-= caused
    }
    let caused = flush()
    unsafe slot.pointee.deficit &-= caused
    if let failure { fail(port, code: failure) }
  }

  /// Nothing to read now, or no memory for it: the port stays. So does a packet socket whose interface is down, or
  /// gone, which netlink tells.
  private static func isTransient(_ result: Int, _ form: PortForm, _ event: Poller.Event) -> Bool {
    switch Int32(truncatingIfNeeded: -result) {
    case Errno.again, Errno.interrupted, Errno.noMemory, Errno.noBuffers: !event.isFailure || form != .device
    case Errno.networkDown: form != .device
    default: false
    }
  }

  /// The device is gone or cannot be read any more: it is left alone until control attaches it anew, so that a
  /// broken descriptor, which is readable for ever, costs nothing.
  private mutating func fail(_ port: PortIndex, code: Int32) {
    let slot = unsafe ports[port]
    unsafe poller.remove(slot.pointee.io.descriptor)
    unsafe slot.pointee.watched = false
    unsafe slot.pointee.gate = .shut
    unsafe slot.pointee.failed = true
    unsafe notify(.portFailed(port, serial: slot.pointee.serial, code: code))
  }
}
