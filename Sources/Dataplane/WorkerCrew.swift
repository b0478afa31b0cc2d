// The worker threads: who they are, which of them a command concerns and in what order, and which reads a port.

internal import BridgeCore
internal import Capture
internal import LinuxIO
internal import Synchronization

/// The threads of a data plane. The first is the teacher: it writes the forwarding table.
final class WorkerCrew: Sendable {
  let size: Int
  private let mailboxes: [Mailbox<Envelope>]
  private let rings: [LessonRing]
  private let clocks: OutputClocks
  private let observer: Observer?
  private let threads = Mutex(Threads())
  private let readers = Mutex(Readers())

  private struct Threads: ~Copyable {
    /// Of the workers but the teacher, and of the teacher.
    var others: [ThreadHandle] = []
    var teacher: ThreadHandle?
  }

  /// Which worker reads which port.
  private struct Readers {
    var ofPort: [PortIndex: Int] = [:]
    var load: [Int] = []
  }

  init(
    size: Int, spin: UInt64, bridge: consuming Bridge, counters: Counters, epoch: UInt64,
    producer: (Int) -> RingProducer?, notify: @escaping @Sendable (Notice) -> Void, observer: Observer?
  ) throws {
    self.size = size
    self.observer = observer
    mailboxes = try (0..<size).map { _ in try Mailbox<Envelope>() }
    clocks = try OutputClocks(slots: PortIndex.limit)
    rings = try (1..<max(1, size)).map { _ in try LessonRing(capacity: LessonRing.lessons) }
    readers.withLock { $0.load = [Int](repeating: 0, count: size) }
    do {
      try observer?.start()
      try start(bridge, counters, epoch, spin, producer, notify)
    } catch {
      stop()
      throw error
    }
  }

  private func start(
    _ bridge: consuming Bridge, _ counters: Counters, _ epoch: UInt64, _ spin: UInt64,
    _ producer: (Int) -> RingProducer?, _ notify: @escaping @Sendable (Notice) -> Void
  ) throws {
    // The others first: what they are made of is taken from the teacher's bridge.
    for number in 1..<max(1, size) {
      let handle = try WorkerCrew.start(
        try worker(
          number, bridge.sibling(), counters, CaptureTap(producer(number)), notify, epoch, spin,
          .tells(rings[number - 1], mailboxes[0])))
      threads.withLock { $0.others.append(handle) }
    }
    let teacher = try WorkerCrew.start(
      try worker(0, bridge, counters, CaptureTap(producer(0)), notify, epoch, spin, .teaches(rings)))
    threads.withLock { $0.teacher = teacher }
  }

  deinit {
    for ring in rings { ring.deallocate() }
    clocks.deallocate()
  }

  private func worker(
    _ number: Int, _ bridge: consuming Bridge, _ counters: Counters,
    _ capture: consuming sending CaptureTap, _ notify: @escaping @Sendable (Notice) -> Void, _ epoch: UInt64,
    _ spin: UInt64, _ part: TeachingPart
  ) throws -> sending Worker {
    let poller = try Poller()
    try poller.add(mailboxes[number].descriptor, token: Worker.mailboxToken)
    return Worker(
      number: number, bridge: bridge,
      ports: try PortTable(count: PortIndex.limit, counters: counters, clocks: clocks, worker: number),
      arena: try FrameArena(), poller: poller, capture: capture, mailbox: mailboxes[number], notify: notify,
      epoch: epoch,
      part: part, spin: spin, observer: observer)
  }

  private static func start(_ worker: consuming sending Worker) throws -> ThreadHandle {
    let name = "dataplane-\(worker.number)"
    // A closure cannot consume what it captured; the thread takes the worker out of here, once.
    let handover = Mutex<Worker?>(worker)
    return ThreadHandle(
      try SystemThread(name: name) {
        guard var worker = handover.withLock({ $0.take() }) else { return }
        worker.run()
      })
  }

  // MARK: commands

  /// Applies a command where it belongs, one worker after the other.
  func perform(_ command: Command) async -> Reply {
    switch command {
    case .attach(let attachment):
      let reader = chooseReader(of: attachment.port)
      // Its reader last: by the first frame all others know the port.
      let reply = await ask((0..<size).filter { $0 != reader } + [reader], command, reader: reader)
      // Nobody may keep a descriptor that is closed next.
      if case .failed = reply { _ = await detach(attachment.port) }
      return reply
    case .detach(let port): return await detach(port)
    case .adjust(let port, _, _):
      let reader = readers.withLock { $0.ofPort[port] ?? 0 }
      return await ask((0..<size).filter { $0 != reader } + [reader], command, reader: reader)
    case .originate(let port, _):
      let reader = readers.withLock { $0.ofPort[port] ?? 0 }
      return await ask([reader], command, reader: reader)
    case .restore(let entries): return await restore(entries)
    case .forget, .setFloodSet, .mapVLANs, .setVLANs, .setMask, .setReach, .setProbeSource, .setAgeing,
      .setForwardReserved:
      // The teacher first: once the others have passed a batch boundary too, nobody acts on an entry that is gone.
      return await ask(Array(0..<size), command, reader: 0)
    case .addEntry, .removeEntry, .flush, .history, .movedHistories:
      return await ask([0], command, reader: 0)
    case .stop:
      return .failed(Errno.shutDown)
    }
  }

  /// Some at a time, so that frames pass in between.
  private func restore(_ entries: [RestoredEntry]) async -> Reply {
    var total = 0
    for start in stride(from: 0, to: entries.count, by: 1024) {
      let some = Array(entries[start..<min(start + 1024, entries.count)])
      let reply = await ask([0], .restore(some), reader: 0)
      guard case .count(let count) = reply else { return reply }
      total += count
    }
    return .count(total)
  }

  private func detach(_ port: PortIndex) async -> Reply {
    let reader = leave(port)
    // Its reader first, the teacher last: what was heard has been told before all of it is forgotten.
    let others = (0..<size).filter { $0 != reader && $0 != 0 }
    return await ask(reader == 0 ? others + [0] : [reader] + others + [0], .detach(port), reader: reader)
  }

  /// - Returns: the first failure, else the last answer.
  private func ask(_ workers: [Int], _ command: Command, reader: Int) async -> Reply {
    var reply = Reply.done
    for number in workers {
      reply = await withCheckedContinuation { continuation in
        let letter = Envelope(command: command, reader: reader) { continuation.resume(returning: $0) }
        if !mailboxes[number].post(letter) { continuation.resume(returning: .failed(Errno.again)) }
      }
      if case .failed = reply { return reply }
    }
    return reply
  }

  private func chooseReader(of port: PortIndex) -> Int {
    readers.withLock { readers in
      let least = readers.load.indices.min { readers.load[$0] < readers.load[$1] } ?? 0
      readers.load[least] += 1
      readers.ofPort[port] = least
      return least
    }
  }

  private func leave(_ port: PortIndex) -> Int {
    readers.withLock { readers in
      guard let reader = readers.ofPort.removeValue(forKey: port) else { return 0 }
      readers.load[reader] -= 1
      return reader
    }
  }

  // MARK: the end

  /// Ends all threads and waits for them: the teacher after the others, which read its table, and the observer last,
  /// which hears them all.
  func stop() {
    let (others, teacher) = threads.withLock { threads in
      defer {
        threads.others = []
        threads.teacher = nil
      }
      return (threads.others, threads.teacher)
    }
    for number in 1..<max(1, size) where !others.isEmpty { end(number) }
    for thread in others { thread.join() }
    if let teacher {
      end(0)
      teacher.join()
    }
    observer?.stop()
  }

  private func end(_ number: Int) {
    _ = mailboxes[number].post(Envelope(command: .stop, reader: 0) { _ in })
  }
}
