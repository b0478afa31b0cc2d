// The part of the control side that concerns one port of a worker: attached, adjusted, detached, between two batches.

internal import BridgeCore
internal import LinuxIO
internal import Synchronization
internal import Wire

extension Worker {
  mutating func attach(_ attachment: PortAttachment, isReader: Bool) -> Reply {
    let slot = unsafe ports[attachment.port]
    unsafe slot.pointee.io = attachment.io
    unsafe slot.pointee.serial = attachment.serial
    unsafe slot.pointee.deficit = 0
    unsafe slot.pointee.handle = attachment.handle
    unsafe slot.pointee.watched = false
    unsafe slot.pointee.failed = false
    unsafe slot.pointee.reads = isReader
    // Nothing of an earlier port stands against this one: neither a debt nor what was told of it.
    unsafe slot.pointee.polices = false
    unsafe slot.pointee.gate = .shut
    unsafe ports.aside(attachment.port).pointee.forget()
    if isReader { unsafe ports.clocks[attachment.port.slot].pointee.store(0, ordering: .relaxed) }
    let reply = adjust(attachment.port, attachment.limits, attachment.policy)
    if case .failed = reply { _ = detach(attachment.port) }
    return reply
  }

  mutating func adjust(_ port: PortIndex, _ limits: PortLimits, _ policy: PortPolicy) -> Reply {
    let slot = unsafe ports[port]
    unsafe slot.pointee.mtu = Int32(truncatingIfNeeded: limits.mtu)
    unsafe slot.pointee.native = limits.native
    unsafe slot.pointee.tpid = limits.tpid.rawValue
    unsafe slot.pointee.tagType = limits.isQinQ ? .max : UInt32(limits.tpid.rawValue)
    unsafe slot.pointee.tripped = false
    setPolicer(port, Policer.Limits(limits))
    unsafe slot.pointee.takes = limits.takes.rawValue
    unsafe slot.pointee.merges = limits.coalesces && limits.takesSegmented
    unsafe slot.pointee.mergesDatagrams = limits.takesDatagramTrains
    let works = unsafe limits.enabled && slot.pointee.isAttached && !slot.pointee.failed
    unsafe slot.pointee.gate = works ? openGate(port, limits) : .shut
    bridge.setPolicy(policy, of: port)
    return unsafe watch(port, works && slot.pointee.reads)
  }

  /// What is left in a bucket whose limit stays is kept.
  private mutating func setPolicer(_ port: PortIndex, _ limits: Policer.Limits) {
    let slot = unsafe ports[port]
    let aside = unsafe ports.aside(port)
    if !limits.isAny {
      unsafe slot.pointee.polices = false
    } else if unsafe slot.pointee.polices {
      unsafe aside.pointee.policer.change(to: limits)
    } else {
      unsafe aside.pointee.policer = Policer(limits)
      unsafe slot.pointee.polices = true
    }
  }

  /// How far a port that works is open.
  private mutating func openGate(_ port: PortIndex, _ limits: PortLimits) -> Gate {
    guard limits.rateOut != 0 else { return .open }
    let aside = unsafe ports.aside(port)
    guard unsafe !aside.pointee.output.isSame(rate: limits.rateOut, burst: limits.burst) else { return .limited }
    unsafe aside.pointee.output = OutputRate(rate: limits.rateOut, burst: limits.burst)
    // Another rate begins with a full bucket, for all workers; the reader of the port is the last to be told of it.
    if unsafe ports[port].pointee.reads { unsafe ports.clocks[port.slot].pointee.store(0, ordering: .relaxed) }
    return .limited
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

  mutating func detach(_ port: PortIndex) -> Reply {
    let slot = unsafe ports[port]
    if unsafe slot.pointee.isAttached { unsafe poller.remove(slot.pointee.io.descriptor) }
    unsafe slot.pointee.io = PortIO(descriptor: -1)
    unsafe slot.pointee.gate = .shut
    unsafe slot.pointee.watched = false
    _ = bridge.flush(port: port, vlan: nil)
    return .done
  }
}
