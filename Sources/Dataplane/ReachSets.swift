// Control's side of isolation: which ports those of each kind may reach. Sets say who may be reached rather than who is
// there, so that a port that is not isolated changes none of them when it comes or goes.

internal import BridgeCore

/// A port's part in isolation.
package struct PortIsolation: Sendable, Hashable {
  /// It reaches no isolated port, and none reaches it.
  package let isIsolated: Bool
  /// Isolated ports of other groups are not reached from ports of this one.
  package let group: String?

  package init(isIsolated: Bool = false, group: String? = nil) {
    self.isIsolated = isIsolated
    self.group = group
  }

  /// Whom it reaches, if not everyone. An isolated port reaches those that are not, whatever its group.
  var sender: Sender? { isIsolated ? .isolated : group.map { .group($0) } }

  enum Sender: Sendable, Hashable {
    case isolated
    case group(String)

    /// Whether a port with `other` is kept from these.
    func isBarred(from other: PortIsolation) -> Bool {
      guard other.isIsolated else { return false }
      switch self {
      case .isolated: return true
      case .group(let name): return other.group != nil && other.group != name
      }
    }
  }
}

/// The reach sets in use. Number 0, which reaches everyone, is not among them.
struct ReachSets: Sendable {
  private struct Entry: Sendable {
    let index: UInt16
    /// Ports that send by it.
    var users = 0
    /// Ports that are not reached.
    var barred = NumberSet()
  }

  private var entries: [PortIsolation.Sender: Entry] = [:]
  private var isolated: [PortIndex: PortIsolation] = [:]
  private var free: [UInt16] = []
  private var next: UInt16 = 1

  /// The number of the set that holds for a port with this isolation; 0 where it reaches everyone, or is not here.
  func index(for isolation: PortIsolation) -> UInt16 {
    isolation.sender.flatMap { entries[$0]?.index } ?? 0
  }

  /// A port comes (`old` nil), goes (`new` nil) or changes.
  /// - Returns: the sets that changed.
  mutating func change(
    _ port: PortIndex, from old: PortIsolation?, to new: PortIsolation?
  ) -> [(UInt16, FloodSet)] {
    guard old != new else { return [] }
    var changed: Set<PortIsolation.Sender> = []
    // Comes before it goes, so that a set which stays in use keeps its number, and no number changes its meaning at
    // once.
    if let sender = new?.sender {
      if entries[sender] == nil {
        entries[sender] = fresh(sender)
        changed.insert(sender)
      }
      entries[sender]?.users += 1
    }
    if let sender = old?.sender, let entry = entries[sender] {
      entries[sender]?.users -= 1
      if entry.users == 1 {
        entries[sender] = nil
        free.append(entry.index)
      }
    }
    isolated[port] = new?.isIsolated == true ? new : nil
    if old?.isIsolated == true || new?.isIsolated == true { changed.formUnion(bar(port, new)) }
    return sets(changed)
  }

  /// Takes a port into the sets that it is not to be reached by, and out of the others.
  private mutating func bar(_ port: PortIndex, _ isolation: PortIsolation?) -> [PortIsolation.Sender] {
    entries.keys.filter { sender in
      let isBarred = isolation.map { sender.isBarred(from: $0) } ?? false
      guard entries[sender]?.barred.contains(port.rawValue) != isBarred else { return false }
      entries[sender]?.barred.toggle(port.rawValue)
      return true
    }
  }

  private mutating func fresh(_ sender: PortIsolation.Sender) -> Entry {
    var entry = Entry(index: free.popLast() ?? next)
    if entry.index == next { next += 1 }
    for (port, isolation) in isolated where sender.isBarred(from: isolation) { entry.barred.insert(port.rawValue) }
    return entry
  }

  private func sets(_ senders: Set<PortIsolation.Sender>) -> [(UInt16, FloodSet)] {
    senders.compactMap { entries[$0] }.sorted { $0.index < $1.index }.map {
      ($0.index, FloodSet.allocate(NumberSet.all.subtracting($0.barred)))
    }
  }
}
