// The control side of a worker: commands taken from the mailbox between two batches, applied and answered.

package import BridgeCore
internal import LinuxIO
internal import Wire

/// A command and whom to tell when it has been applied.
struct Envelope: Sendable {
  let command: Command
  /// The worker that reads the port which the command is about.
  let reader: Int
  let answer: @Sendable (Reply) -> Void

  init(command: Command, reader: Int = 0, answer: @escaping @Sendable (Reply) -> Void) {
    self.command = command
    self.reader = reader
    self.answer = answer
  }
}

/// What a worker answers.
package enum Reply: Sendable {
  case done
  /// How many entries it concerned.
  case count(Int)
  /// The set that is no longer in force.
  case replaced(FloodSet?)
  case replacedSets([FloodSet])
  case history(EntryHistory?)
  case histories([EntryHistory])
  /// Not done: the kernel refused to watch the descriptor, or the worker is ending (errno).
  case failed(Int32)
  /// There was no room in the table: every entry that could make way is static.
  case full
}

extension Worker {
  /// Applies what has come in. What comes behind a stop is refused, so that nobody waits for ever.
  /// - Returns: whether to go on.
  mutating func applyLetters() -> Bool {
    var running = true
    let letters = mailbox.take()
    // What was told before a command was posted counts before it; it is in the rings by now.
    hearOthers()
    for letter in letters {
      guard running else {
        letter.answer(.failed(Errno.shutDown))
        continue
      }
      if case .stop = letter.command {
        running = false
        letter.answer(.done)
      } else {
        letter.answer(apply(letter.command, reader: letter.reader))
      }
    }
    if !running {
      for letter in mailbox.close() { letter.answer(.failed(Errno.shutDown)) }
    }
    return running
  }

  private mutating func apply(_ command: Command, reader: Int) -> Reply {
    switch command {
    case .attach(let attachment): return attach(attachment, isReader: reader == number)
    case .adjust(let port, let limits, let policy): return adjust(port, limits, policy)
    case .detach(let port): return detach(port)
    case .forget(let port): bridge.removePort(port)
    case .setFloodSet(let index, let set): return .replaced(bridge.setFloodSet(index, set))
    case .mapVLANs(let range, let index): for vlan in range { bridge.mapVLAN(vlan, to: index) }
    case .setVLANs(let sets, let map): return setVLANs(sets, map)
    case .setMask(let mask, let set): return .replaced(bridge.setMask(mask, set))
    case .setReach(let index, let set): return .replaced(bridge.setReach(index, set))
    case .setProbeSource(let source): bridge.setProbeSource(source)
    case .restore(let entries): return restore(entries)
    case .originate(let port, let frame): return originate(frame, to: port)
    case .addEntry(let mac, let vlan, let port, let kind):
      return bridge.addEntry(mac, vlan: vlan, on: port, kind: kind, at: now) ? .done : .full
    case .removeEntry(let mac, let vlan): return .count(bridge.remove(mac, vlan: vlan))
    case .flush(let port, let vlan): return .count(bridge.flush(port: port, vlan: vlan))
    case .setAgeing(let seconds): bridge.setAgeing(seconds)
    case .setForwardReserved(let on): bridge.setForwardReserved(on)
    case .history(let mac, let vlan): return .history(bridge.history(of: mac, vlan: vlan))
    case .movedHistories: return .histories(bridge.movedHistories())
    case .stop: break
    }
    return .done
  }

  private mutating func setVLANs(
    _ sets: [(FloodSetIndex, FloodSet)], _ map: [(ClosedRange<UInt16>, FloodSetIndex)]
  ) -> Reply {
    var replaced: [FloodSet] = []
    for (index, set) in sets {
      if let old = bridge.setFloodSet(index, set) { replaced.append(old) }
    }
    for (range, index) in map {
      for vlan in range { bridge.mapVLAN(vlan, to: index) }
    }
    return .replacedSets(replaced)
  }

  private mutating func restore(_ entries: [RestoredEntry]) -> Reply {
    var count = 0
    for entry in entries
    where bridge.restore(entry.mac, vlan: entry.vlan, on: entry.port, age: entry.age, at: now) { count += 1 }
    return .count(count)
  }

  /// Sends a frame of the switch's own. Nothing waits in the arena between two batches, so it is made where frames
  /// land.
  private mutating func originate(_ bytes: [UInt8], to port: PortIndex) -> Reply {
    let landing = unsafe arena.landing
    guard bytes.count <= FrameArena.largestFrame, let start = landing.baseAddress else {
      return .failed(Errno.messageSize)
    }
    let count = FrameArena.offloadHeader + bytes.count
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: landing[FrameArena.offloadHeader..<count])
    unsafe VirtioNetHeader.clear(landing)
    unsafe room.copyBytes(from: bytes)
    guard let header = try? unsafe FrameHeader(parsing: UnsafeRawBufferPointer(room).bytes) else {
      return .failed(Errno.invalid)
    }
    let frame = unsafe Frame(
      start: start, count: count, payload: bytes.count - header.payloadOffset, segments: 1, form: .plain, header: header
    )
    let counters = unsafe ports[port].pointee.counters
    unsafe counters.add(.originated)
    _ = unsafe transmit(frame, to: port)
    return .done
  }
}
