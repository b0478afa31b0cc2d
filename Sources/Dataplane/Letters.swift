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
  /// The flood set that is no longer in force.
  case replaced(FloodSet?)
  case history(EntryHistory?)
  case histories([EntryHistory])
  /// Not done: the kernel refused to watch the descriptor, or the worker is ending (errno).
  case failed(Int32)
  /// There was no room in the table: every entry that could make way is static.
  case full
}

/// What a worker says unasked.
package enum Notice: Sendable, Equatable {
  /// The port's descriptor cannot be read any more (errno, 0: the other end closed); it is left alone until it is
  /// detached and attached anew.
  case portFailed(PortIndex, serial: UInt32, code: Int32)
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

  private mutating func attach(_ attachment: PortAttachment, isReader: Bool) -> Reply {
    let slot = unsafe ports[attachment.port]
    unsafe slot.pointee.io = PortIO(descriptor: attachment.descriptor)
    unsafe slot.pointee.serial = attachment.serial
    unsafe slot.pointee.deficit = 0
    unsafe slot.pointee.handle = attachment.handle
    unsafe slot.pointee.watched = false
    unsafe slot.pointee.failed = false
    unsafe slot.pointee.reads = isReader
    let reply = adjust(attachment.port, attachment.limits, attachment.policy)
    if case .failed = reply { _ = detach(attachment.port) }
    return reply
  }

  private mutating func adjust(_ port: PortIndex, _ limits: PortLimits, _ policy: PortPolicy) -> Reply {
    let slot = unsafe ports[port]
    unsafe slot.pointee.mtu = Int32(truncatingIfNeeded: limits.mtu)
    unsafe slot.pointee.native = limits.native
    unsafe slot.pointee.takes = limits.takes.rawValue
    unsafe slot.pointee.merges = limits.coalesces && limits.takesSegmented
    unsafe slot.pointee.mergesDatagrams = limits.takesDatagramTrains
    let works = unsafe limits.enabled && slot.pointee.isAttached && !slot.pointee.failed
    unsafe slot.pointee.transmits = works
    bridge.setPolicy(policy, of: port)
    return unsafe watch(port, works && slot.pointee.reads)
  }

  /// A port that is off is not read: what it sends stays in its own queue.
  private mutating func watch(_ port: PortIndex, _ wanted: Bool) -> Reply {
    let slot = unsafe ports[port]
    guard unsafe slot.pointee.watched != wanted else { return .done }
    if wanted {
      do {
        try unsafe poller.add(slot.pointee.io.descriptor, token: Worker.token(port, serial: slot.pointee.serial))
      } catch { return .failed(error.code) }
    } else {
      unsafe poller.remove(slot.pointee.io.descriptor)
    }
    unsafe slot.pointee.watched = wanted
    return .done
  }

  private mutating func detach(_ port: PortIndex) -> Reply {
    let slot = unsafe ports[port]
    if unsafe slot.pointee.isAttached { unsafe poller.remove(slot.pointee.io.descriptor) }
    unsafe slot.pointee.io = PortIO(descriptor: -1)
    unsafe slot.pointee.transmits = false
    unsafe slot.pointee.watched = false
    _ = bridge.flush(port: port, vlan: nil)
    return .done
  }
}
