// What a TAP port asks for, and the checks that need no kernel. They come before any system call: the kernel would
// accept some of it and do something else (robustness row K3).

package import Wire

/// The device of a TAP port as its settings describe it.
package struct TapRequest: Sendable, Equatable {
  /// The device's name, 1 to 15 bytes.
  package var name: String
  /// Where the device is made or looked for.
  package var namespace: NamespaceReference
  /// For devices we make, and with `explicitMAC` for all.
  package var mac: MACAddress
  /// The user set `mac`.
  package var explicitMAC: Bool
  /// Octets of payload, 68 to 65521; nil leaves the device's. Set on devices we made, checked on others.
  package var mtu: Int?
  /// Frames the device holds until the switch reads them, 1 to 65536.
  package var queueLength: Int
  /// The user set `queueLength`; without it a device of somebody else keeps its own.
  package var explicitQueueLength: Bool
  package var addresses: [InterfaceAddress]
  package var routes: [InterfaceRoute]
  /// The mark on devices we make (their ifalias): `tapswitch SWITCH/PORT`. It is how the next run knows them.
  package var label: String
  /// The device group (IFLA_GROUP) by which the devices of a switch are removed at once; 0 for none.
  package var group: UInt32
  /// The device outlives a graceful stop.
  package var persist: Bool
  /// Makes the device where there is none; false waits for one.
  package var create: Bool
  /// How the kernel takes in what the switch writes. Holds for this attachment only.
  package var napi: TapNAPI
  /// The CPUs over which the kernel spreads the flows that the switch writes (receive packet steering), in any order;
  /// empty leaves the device as it is.
  package var rpsCPUs: [Int]

  package init(
    name: String, namespace: NamespaceReference = .current, mac: MACAddress, explicitMAC: Bool = false,
    mtu: Int? = nil, queueLength: Int = 4096, explicitQueueLength: Bool = false, addresses: [InterfaceAddress] = [],
    routes: [InterfaceRoute] = [], label: String, group: UInt32 = 0, persist: Bool = false, create: Bool = true,
    napi: TapNAPI = .off, rpsCPUs: [Int] = []
  ) {
    self.name = name
    self.namespace = namespace
    self.mac = mac
    self.explicitMAC = explicitMAC
    self.mtu = mtu
    self.queueLength = queueLength
    self.explicitQueueLength = explicitQueueLength
    self.addresses = addresses
    self.routes = routes
    self.label = label
    self.group = group
    self.persist = persist
    self.create = create
    self.napi = napi
    self.rpsCPUs = rpsCPUs
  }

  /// The payload sizes a TAP takes (linux/drivers/net/tun.c: MIN_MTU, MAX_MTU less the Ethernet header).
  package static let mtuRange = 68...65521
  /// What the device's ring takes.
  package static let queueRange = 1...65536

  /// Why `name` cannot name a device; nil if it can.
  package static func fault(inName name: String) -> String? {
    let bytes = name.utf8
    let quoted = TapRequest.quoted(name)
    if bytes.isEmpty { return "a device name may not be empty" }
    if bytes.count > 15 { return "device name \(quoted) has \(bytes.count) bytes; Linux allows 15" }
    if name == "." || name == ".." { return "device name \(quoted) is reserved" }
    if name == "all" || name == "default" { return "device name \(quoted) is taken by /proc/sys/net" }
    if !bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
      return "device name \(quoted) holds white space, a control character or a character outside ASCII"
    }
    if let bad = name.first(where: { "/:%".contains($0) }) { return "device name \(quoted) holds '\(bad)'" }
    return nil
  }

  /// Every check that needs no kernel.
  package func validate() throws(PortError) {
    if let fault = TapRequest.fault(inName: name) { throw .invalid(fault, fix: nil) }
    if mac.isGroup || mac.isZero { throw .invalid("\(mac) is no address of a single device", fix: nil) }
    if let mtu, !TapRequest.mtuRange.contains(mtu) {
      throw .invalid("mtu \(mtu) of \(name) is outside 68 to 65521", fix: nil)
    }
    if let mtu, mtu < 1280, let address = addresses.first(where: \.address.isIPv6) {
      throw .invalid("\(name) cannot have the IPv6 address \(address) with mtu \(mtu): IPv6 needs 1280", fix: nil)
    }
    if !TapRequest.queueRange.contains(queueLength) {
      throw .invalid("txqueuelen \(queueLength) of \(name) is outside 1 to 65536", fix: nil)
    }
  }

  /// A name as messages show it: quoted, control characters escaped, bounded.
  static func quoted(_ name: String) -> String {
    var text = "'"
    for scalar in name.unicodeScalars.prefix(40) {
      text += scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return text + "'"
  }
}

/// Where the receiver's network stack runs for a frame that the switch writes (NAPI, Documentation/networking/napi.rst).
package enum TapNAPI: String, Sendable, Equatable, CaseIterable {
  /// In the write itself: the quickest way, and the kernel's own choice for a TAP.
  case off
  /// In a softirq right behind the write; joins frames of a flow only with `gro_flush_timeout` (IFF_NAPI, since Linux
  /// 4.15).
  case on
  /// In a thread of the kernel for this device, `napi/DEVICE-0`, on whatever CPU is free, which joins frames of a flow
  /// (since Linux 5.12).
  case threaded
}

/// What may be handed to a port unsegmented and without checksums (TUNSETOFFLOAD).
package struct OffloadCapabilities: Sendable, Equatable, BitwiseCopyable {
  package var checksum: Bool
  package var tso4: Bool
  package var tso6: Bool
  /// UDP segmentation, since Linux 6.2.
  package var uso: Bool

  package init(checksum: Bool, tso4: Bool, tso6: Bool, uso: Bool) {
    self.checksum = checksum
    self.tso4 = tso4
    self.tso6 = tso6
    self.uso = uso
  }

  package static let none = OffloadCapabilities(checksum: false, tso4: false, tso6: false, uso: false)
}
