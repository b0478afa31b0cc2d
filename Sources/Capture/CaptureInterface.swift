// Which port a captured frame belongs to, as the file shall name it, and the registry through which the control
// thread says so. Slots are re-used: a frame already recorded keeps the name its port had then.

internal import Synchronization
package import Wire

/// What a capture file says about a port.
package struct CaptureInterface: Hashable, Sendable {
  package var name: String
  /// For people: kind and target of the port.
  package var description: String?
  /// Bits a second.
  package var speed: UInt64?
  package var mac: MACAddress?

  package init(name: String, description: String? = nil, speed: UInt64? = nil, mac: MACAddress? = nil) {
    self.name = name
    self.description = description
    self.speed = speed
    self.mac = mac
  }
}

/// The ports of a capture by handle (one for each registration, from 1) and by slot.
final class InterfaceRegistry: Sendable {
  struct Entry: Sendable {
    let interface: CaptureInterface
    let slot: UInt16
    /// What the rings had lost for the slot when this port came, and when it went.
    let lostBefore: UInt64
    var lostAfter: UInt64?
  }

  struct Table: Sendable {
    var entries: [UInt32: Entry] = [:]
    var bySlot: [UInt16: UInt32] = [:]
    /// Handles whose port has gone, and when (monotonic, nanoseconds); their frames may still be in a ring.
    var retired: [(handle: UInt32, time: UInt64)] = []
    var last: UInt32 = 0
  }

  private let table = Mutex(Table())

  /// The table as it is now.
  var snapshot: Table { table.withLock { $0 } }

  /// - Parameter lost: what the rings have lost for the slot so far. No frame of the new port has been recorded yet,
  ///   and none of the one before will be.
  func register(_ interface: CaptureInterface, slot: UInt16, lost: UInt64, at now: UInt64) -> UInt32 {
    table.withLock { table in
      InterfaceRegistry.retire(slot, lost: lost, at: now, in: &table)
      // 0 means none; after 2^32 registrations the numbers start again, long after their frames were written.
      repeat { table.last &+= 1 } while table.last == 0 || table.entries[table.last] != nil
      table.entries[table.last] = Entry(interface: interface, slot: slot, lostBefore: lost)
      table.bySlot[slot] = table.last
      return table.last
    }
  }

  func unregister(slot: UInt16, lost: UInt64, at now: UInt64) {
    table.withLock { InterfaceRegistry.retire(slot, lost: lost, at: now, in: &$0) }
  }

  private static func retire(_ slot: UInt16, lost: UInt64, at now: UInt64, in table: inout Table) {
    guard let old = table.bySlot.removeValue(forKey: slot) else { return }
    table.entries[old]?.lostAfter = lost
    table.retired.append((old, now))
  }

  /// Forgets ports that have gone and whose frames have all been read.
  func forget(_ handles: [UInt32]) {
    guard !handles.isEmpty else { return }
    let gone = Set(handles)
    table.withLock { table in
      for handle in handles { table.entries[handle] = nil }
      table.retired.removeAll { gone.contains($0.handle) }
    }
  }
}
