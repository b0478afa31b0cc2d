// Which addresses and which name the station behind a MAC has told, for people to see. What frames are believed is in
// AddressBook+Hear, who makes way in StationStore. It is filled off the frame path, from copies.

package import Wire

/// What stations said of themselves. Times are nanoseconds of one monotonic clock.
///
/// A station is a MAC in a VLAN *on a port*: what a guest says from a borrowed MAC stands beside what the owner said on
/// its own port, and changes nothing there. Ask with the port that the forwarding table has for the MAC.
///
/// Bounded: 8,192 stations, eight addresses each. When it is full, the port that holds most loses the station that it
/// heard longest ago; where several hold as many, the port that wants room among them. What was not heard for an
/// hour is gone.
package struct AddressBook: Sendable {
  package static let capacity = 8192
  package static let addressLimit = 8
  package static let lifetime: UInt64 = 3_600_000_000_000

  /// A station as people see it.
  package struct Station: Sendable, Equatable {
    package let mac: MACAddress
    package let vlan: UInt16
    package let port: UInt16
    /// IPv4 first, in rising order.
    package let addresses: [NetworkAddress]
    /// 1 to 63 letters, digits, dots, hyphens and underscores.
    package let hostName: String?
    /// When it last said something.
    package let heard: UInt64
  }

  struct Key: Hashable {
    let mac: MACAddress
    let vlan: UInt16
    let port: UInt16
  }

  /// What a DHCP client asked for, until a server says so too.
  struct Lease: Sendable {
    let transaction: UInt32
    let address: UInt32
    let time: UInt64
  }

  private struct Heard<Value: Sendable>: Sendable {
    let value: Value
    var time: UInt64
  }

  private struct Record: Sendable {
    var addresses: [Heard<NetworkAddress>] = []
    var hostName: Heard<String>?
    var lease: Lease?
    var heard: UInt64 = 0
  }

  private var store: StationStore<Record>

  /// - Parameter capacity: stations, at least 1.
  package init(capacity: Int = AddressBook.capacity) { store = StationStore(capacity: capacity) }

  /// Stations that are held, aged ones included.
  package var count: Int { store.count }

  /// Stations that are held for a port, aged ones included.
  package func count(of port: UInt16) -> Int { store.count(of: port) }

  /// What the station said within the last hour; nil if nothing.
  package func station(_ mac: MACAddress, vlan: UInt16, port: UInt16, at now: UInt64) -> Station? {
    let key = Key(mac: mac, vlan: vlan, port: port)
    return store[key].flatMap { AddressBook.station(key, $0, at: now) }
  }

  /// All stations that said within the last hour that they have an address, by MAC, VLAN and port. Looks at every one.
  package func stations(with address: NetworkAddress, at now: UInt64) -> [Station] {
    let found = store.all.compactMap { AddressBook.station($0, $1, at: now) }
    return found.filter { $0.addresses.contains(address) }.sorted {
      ($0.mac.bits, $0.vlan, $0.port) < ($1.mac.bits, $1.vlan, $1.port)
    }
  }

  private static func station(_ key: Key, _ record: Record, at now: UInt64) -> Station? {
    guard isYoung(record.heard, now) else { return nil }
    return Station(
      mac: key.mac, vlan: key.vlan, port: key.port,
      addresses: record.addresses.filter { isYoung($0.time, now) }.map(\.value).sorted(),
      hostName: record.hostName.flatMap { isYoung($0.time, now) ? $0.value : nil }, heard: record.heard)
  }

  /// A time ahead of the clock is young: nothing traps on a clock that goes back.
  private static func isYoung(_ time: UInt64, _ now: UInt64) -> Bool { now < time || now - time <= lifetime }

  /// Takes out what is known of a MAC in a VLAN: on one port, or on all.
  package mutating func forget(_ mac: MACAddress, vlan: UInt16, port: UInt16? = nil) {
    for port in port.map({ [$0] }) ?? store.ports { store.remove(Key(mac: mac, vlan: vlan, port: port)) }
  }

  /// Takes out all stations of a port.
  package mutating func forget(port: UInt16) {
    while let (key, _) = store.oldest(of: port) { store.remove(key) }
  }

  /// Takes out what was not heard for an hour; to be called now and then, such as once a minute.
  package mutating func sweep(at now: UInt64) {
    for port in store.ports {
      while let (key, record) = store.oldest(of: port), !AddressBook.isYoung(record.heard, now) { store.remove(key) }
    }
  }

  /// The station has the address.
  mutating func note(_ key: Key, address: NetworkAddress, at now: UInt64) {
    guard address.isOneStation else { return }
    touch(key, at: now) { record in
      if let known = record.addresses.firstIndex(where: { $0.value == address }) {
        record.addresses[known].time = now
        return
      }
      record.addresses.removeAll { !AddressBook.isYoung($0.time, now) }
      if record.addresses.count >= AddressBook.addressLimit,
        let oldest = record.addresses.indices.min(by: { record.addresses[$0].time < record.addresses[$1].time })
      {
        record.addresses.remove(at: oldest)
      }
      record.addresses.append(Heard(value: address, time: now))
    }
  }

  /// The station calls itself so; octets that no host name has become hyphens.
  mutating func note(_ key: Key, name: [UInt8], at now: UInt64) {
    guard let name = HostName.clean(name) else { return }
    touch(key, at: now) { $0.hostName = Heard(value: name, time: now) }
  }

  mutating func note(_ key: Key, lease: Lease) {
    touch(key, at: lease.time) { $0.lease = lease }
  }

  private mutating func touch(_ key: Key, at now: UInt64, _ change: (inout Record) -> Void) {
    store.touch(key, else: Record()) {
      $0.heard = now
      change(&$0)
    }
  }

  /// What the client, on whatever port, asked for in this transaction.
  func lease(of mac: MACAddress, vlan: UInt16, transaction: UInt32) -> (Key, Lease)? {
    for port in store.ports.sorted() {
      let key = Key(mac: mac, vlan: vlan, port: port)
      if let lease = store[key]?.lease, lease.transaction == transaction { return (key, lease) }
    }
    return nil
  }

  /// Whether the station has said that it has the address.
  func knows(_ key: Key, _ address: NetworkAddress) -> Bool {
    store[key]?.addresses.contains { $0.value == address } ?? false
  }
}
