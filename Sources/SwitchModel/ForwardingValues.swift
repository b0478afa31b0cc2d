// `fdb list`, `fdb show`, `vlan list` and the requests of `fdb`: the MAC table as the contract shows it.

/// An entry of the MAC table.
package struct FDBEntry: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable, CaseIterable { case dynamic, `static`, sticky }
  package var mac: String
  package var vlan: Int
  package var port: String
  package var kind: Kind
  /// Seconds since it was last heard; null for what does not age.
  @ExplicitNull package var ageSeconds: Int?
  package var moves: UInt64
  /// IP addresses seen with it.
  package var addresses: [String]

  package init(
    mac: String, vlan: Int, port: String, kind: Kind, ageSeconds: Int?, moves: UInt64 = 0, addresses: [String] = []
  ) {
    self.mac = mac
    self.vlan = vlan
    self.port = port
    self.kind = kind
    self.ageSeconds = ageSeconds
    self.moves = moves
    self.addresses = addresses
  }

  enum CodingKeys: String, CodingKey {
    case mac, vlan, port, kind
    case ageSeconds = "age_seconds"
    case moves, addresses
  }
}

/// An entry with its past: `fdb show`.
package struct FDBDetail: Codable, Sendable, Equatable {
  package struct Move: Codable, Sendable, Equatable {
    /// RFC 3339.
    package var time: String
    package var from: String
    package var to: String

    package init(time: String, from: String, to: String) {
      self.time = time
      self.from = from
      self.to = to
    }
  }

  package var mac: String
  package var vlan: Int
  package var port: String
  package var kind: FDBEntry.Kind
  @ExplicitNull package var ageSeconds: Int?
  package var moves: UInt64
  package var addresses: [String]
  /// RFC 3339: when it was learned or set.
  package var since: String
  package var hostName: String?
  /// The last moves, oldest first.
  package var history: [Move]

  package init(_ entry: FDBEntry, since: String, hostName: String? = nil, history: [Move] = []) {
    mac = entry.mac
    vlan = entry.vlan
    port = entry.port
    kind = entry.kind
    ageSeconds = entry.ageSeconds
    moves = entry.moves
    addresses = entry.addresses
    self.since = since
    self.hostName = hostName
    self.history = history
  }

  enum CodingKeys: String, CodingKey {
    case mac, vlan, port, kind
    case ageSeconds = "age_seconds"
    case moves, addresses, since
    case hostName = "host_name"
    case history
  }
}

/// VLANs with the same members: one row of `vlan list`.
package struct VLANRow: Codable, Sendable, Equatable {
  package struct Member: Codable, Sendable, Equatable {
    package var port: String
    package var tagged: Bool

    package init(port: String, tagged: Bool) {
      self.port = port
      self.tagged = tagged
    }
  }

  /// A number or a range: `2-9`.
  package var vlans: String
  package var ports: [Member]

  package init(vlans: String, ports: [Member]) {
    self.vlans = vlans
    self.ports = ports
  }
}

/// `POST /v1/fdb/flush`: which dynamic entries go. Nothing given means all of them.
package struct FlushRequest: Codable, Sendable, Equatable {
  package var port: String?
  package var vlan: Int?

  package init(port: String? = nil, vlan: Int? = nil) {
    self.port = port
    self.vlan = vlan
  }

  /// Reads the object strictly: unknown keys would silently flush more than was meant.
  package init(request: JSONValue) throws(ConfigurationErrors) {
    var errors: [ConfigurationError] = []
    guard let members = request.members else {
      throw ConfigurationErrors(ConfigurationError("found \(request.shape), allowed: an object with port or vlan"))
    }
    for member in members {
      do throws(ConfigurationError) {
        guard [Setting.entryPort, .entryVLAN].contains(where: { $0.key == member.key }) else {
          throw ConfigurationError("unknown key, allowed: port, vlan")
        }
        let value = try SettingTable.entry(member.key).read(DocumentNode(json: member.value))
        if member.key == Setting.entryPort.key { port = value?.textValue } else { vlan = value?.integerValue }
      } catch {
        errors.append(ConfigurationError(path: ConfigurationPath.join("", member.key), "").saying(error))
      }
    }
    if let errors = ConfigurationErrors(errors) { throw errors }
  }
}

/// Ranges of VLANs as text.
package enum VLANRanges {
  /// `1,3-5` for 1, 3, 4, 5; the numbers ascend.
  package static func text(_ vlans: some Sequence<UInt16>) -> String {
    var ranges: [(first: UInt16, last: UInt16)] = []
    for vlan in vlans {
      if let last = ranges.last?.last, last &+ 1 == vlan {
        ranges[ranges.count - 1].last = vlan
      } else {
        ranges.append((vlan, vlan))
      }
    }
    return ranges.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ",")
  }
}
