// What multicast DNS responders announce (RFC 6762): name and addresses of a host under `.local`. Reflectors repeat
// what others said, so a name counts only with an address that is the sender's.

internal import Wire

extension AddressBook {
  /// Records looked at in one message, and questions passed over.
  private static let mostRecords = 64

  mutating func hearMulticastDNS(_ bytes: RawSpan, _ source: NetworkAddress, _ key: Key, _ now: UInt64) {
    guard let flags = bytes.word(2), flags & 0xF80F == 0x8000, let start = AddressBook.skipQuestions(bytes) else {
      return
    }
    var hosts: [[UInt8]: [NetworkAddress]] = [:]
    var position = start
    for _ in 0..<AddressBook.mostRecords {
      guard let (labels, next) = DomainName.parse(bytes, at: position), let type = bytes.word(next),
        let lifetime = bytes.long(next + 4), let length = bytes.word(next + 8)
      else { break }
      let data = next + 10
      position = data + Int(length)
      // a lifetime of 0 says that the record is no longer true (RFC 6762 clause 10.1)
      guard lifetime != 0, let host = AddressBook.localHost(labels) else { continue }
      if type == 1, length == 4, let address = bytes.long(data) { hosts[host, default: []].append(.v4(address)) }
      if type == 28, length == 16, let address = bytes.address6(data) { hosts[host, default: []].append(address) }
    }
    for (host, addresses) in hosts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
    where addresses.contains(where: { $0 == source || knows(key, $0) }) {
      note(key, name: host, at: now)
      for address in addresses { note(key, address: address, at: now) }
    }
  }

  private static func skipQuestions(_ bytes: RawSpan) -> Int? {
    guard let count = bytes.word(4), Int(count) <= mostRecords else { return nil }
    var position = 12
    for _ in 0..<Int(count) {
      guard let (_, next) = DomainName.parse(bytes, at: position) else { return nil }
      position = next + 4
    }
    return position
  }

  /// The host's own label: names of hosts have two, of services more.
  private static func localHost(_ labels: [[UInt8]]) -> [UInt8]? {
    guard labels.count == 2, labels[1].map({ $0 | 0x20 }) == Array("local".utf8) else { return nil }
    return labels[0]
  }
}
