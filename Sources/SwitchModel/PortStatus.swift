// `port list` and `port show`: an element as the contract has it, keys and nulls to the letter.

/// Whether frames can pass.
package enum PortState: String, Codable, Sendable, CaseIterable {
  /// Frames can pass now.
  case up
  /// There, but off; the reason says why.
  case down
  /// What it needs is absent; it attaches by itself.
  case waiting
}

/// A port as `port list` shows it.
package struct PortStatus: Codable, Sendable, Equatable {
  package var name: String
  /// Number of the port, stable while the port exists.
  package var id: Int
  package var kind: String
  package var target: String
  package var state: PortState
  /// Why the state is not `up`.
  package var reason: String?
  /// True on the entry of a listener whose connections are ports of their own; absent otherwise.
  package var template: Bool?
  /// Bytes of payload; null while no device is attached and none is set.
  @ExplicitNull package var mtu: Int?
  package var vlan: PortVLANStatus
  package var offload: PortOffload
  package var counters: PortCounters
  /// `port show` only: exactly the object that would stand under `ports:` in YAML.
  package var settings: JSONValue?
  /// `port show` only, where it differs from `settings`: the same with `secure` expanded into what it stands for.
  package var effectiveSettings: JSONValue?

  package init(
    name: String, id: Int, kind: String, target: String, state: PortState, reason: String? = nil,
    template: Bool? = nil, mtu: Int?, vlan: PortVLANStatus = PortVLANStatus(), offload: PortOffload = PortOffload(),
    counters: PortCounters = PortCounters(), settings: JSONValue? = nil, effectiveSettings: JSONValue? = nil
  ) {
    self.name = name
    self.id = id
    self.kind = kind
    self.target = target
    self.state = state
    self.reason = reason
    self.template = template
    self.mtu = mtu
    self.vlan = vlan
    self.offload = offload
    self.counters = counters
    self.settings = settings
    self.effectiveSettings = effectiveSettings
  }

  enum CodingKeys: String, CodingKey {
    case name, id, kind, target, state, reason, template, mtu, vlan, offload, counters, settings
    case effectiveSettings = "effective_settings"
  }
}

/// Which VLANs a port carries.
package struct PortVLANStatus: Codable, Sendable, Equatable {
  package enum Mode: String, Codable, Sendable, CaseIterable { case trunk, access }
  package var mode: Mode
  /// VLAN of frames without a tag; null where there is none.
  @ExplicitNull package var native: Int?
  /// Ranges of VLANs that are tagged, never with the native one: `2-4094`.
  package var tagged: String

  /// Without arguments: a port without VLAN settings.
  package init(mode: Mode = .trunk, native: Int? = 1, tagged: String = "2-4094") {
    self.mode = mode
    self.native = native
    self.tagged = tagged
  }
}

/// What may be handed to the port unsegmented.
package struct PortOffload: Codable, Sendable, Equatable {
  package var checksum: Bool
  package var tso4: Bool
  package var tso6: Bool
  package var uso: Bool

  package init(checksum: Bool = false, tso4: Bool = false, tso6: Bool = false, uso: Bool = false) {
    self.checksum = checksum
    self.tso4 = tso4
    self.tso6 = tso6
    self.uso = uso
  }
}
