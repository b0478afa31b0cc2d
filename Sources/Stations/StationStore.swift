// Where the address book keeps its stations: a bounded store with one list a port, newest first, and the rule for who
// makes way. It knows nothing of what a station is.

/// Records by key, at most `capacity`. Finding and changing one takes the same time however many there are; making room
/// looks at every port that holds one.
struct StationStore<Record: Sendable>: Sendable {
  private struct Node: Sendable {
    let key: AddressBook.Key
    var record: Record
    // neighbours in the port's list; -1 at its ends
    var newer = -1
    var older = -1
  }

  private struct PortList {
    var newest = -1
    var oldest = -1
    var count = 0
  }

  private let capacity: Int
  private var nodes: [Node?] = []
  private var free: [Int] = []
  private var index: [AddressBook.Key: Int] = [:]
  private var lists: [UInt16: PortList] = [:]

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { index.count }
  /// Ports that hold a record, in no order.
  var ports: [UInt16] { Array(lists.keys) }
  /// All records, in no order.
  var all: [(AddressBook.Key, Record)] { nodes.compactMap { node in node.map { ($0.key, $0.record) } } }

  func count(of port: UInt16) -> Int { lists[port]?.count ?? 0 }

  subscript(key: AddressBook.Key) -> Record? { index[key].flatMap { nodes[$0]?.record } }

  /// The record of a port that was touched longest ago.
  func oldest(of port: UInt16) -> (AddressBook.Key, Record)? {
    guard let slot = lists[port]?.oldest, slot >= 0 else { return nil }
    return nodes[slot].map { ($0.key, $0.record) }
  }

  /// Changes a record, which is `fresh` where there is none yet, and makes it the newest of its port. A full store
  /// loses one for a fresh one: the oldest of the port that holds most; of ports that hold as many, of the one that
  /// wants room if it is among them, else of the lowest.
  mutating func touch(_ key: AddressBook.Key, else fresh: @autoclosure () -> Record, _ change: (inout Record) -> Void) {
    var node: Node
    let slot: Int
    if let known = index[key], let found = nodes[known] {
      unlink(known)
      slot = known
      node = found
    } else {
      if index.count >= capacity { makeRoom(for: key.port) }
      slot = free.popLast() ?? nodes.count
      if slot == nodes.count { nodes.append(nil) }
      index[key] = slot
      node = Node(key: key, record: fresh())
    }
    change(&node.record)
    nodes[slot] = node
    link(slot)
  }

  mutating func remove(_ key: AddressBook.Key) {
    guard let slot = index.removeValue(forKey: key) else { return }
    unlink(slot)
    nodes[slot] = nil
    free.append(slot)
  }

  private mutating func makeRoom(for port: UInt16) {
    let most = lists.values.lazy.map(\.count).max() ?? 0
    let loser = count(of: port) == most ? port : lists.filter { $0.value.count == most }.keys.min() ?? port
    if let (key, _) = oldest(of: loser) { remove(key) }
  }

  private mutating func link(_ slot: Int) {
    guard let port = nodes[slot]?.key.port else { return }
    var list = lists[port] ?? PortList()
    nodes[slot]?.newer = -1
    nodes[slot]?.older = list.newest
    if list.newest >= 0 { nodes[list.newest]?.newer = slot } else { list.oldest = slot }
    list.newest = slot
    list.count += 1
    lists[port] = list
  }

  private mutating func unlink(_ slot: Int) {
    guard let node = nodes[slot], var list = lists[node.key.port] else { return }
    if node.newer >= 0 { nodes[node.newer]?.older = node.older } else { list.newest = node.older }
    if node.older >= 0 { nodes[node.older]?.newer = node.newer } else { list.oldest = node.newer }
    list.count -= 1
    lists[node.key.port] = list.count == 0 ? nil : list
  }
}
