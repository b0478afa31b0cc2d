// What the kernel says of one network interface (RTM_NEWLINK, linux/if_link.h), as a value.

internal import CLinux
package import Wire

/// An interface as it is now.
package struct LinkState: Sendable, Equatable {
  /// The namespace it is in.
  package var namespace: NamespaceID
  /// Its number there.
  package var index: Int32
  package var name: String
  /// Set up by its owner (IFF_UP). A TAP that is not refuses every write with EIO.
  package var isUp: Bool
  /// What is at its other end works (IFF_LOWER_UP): a cable, the other half of a veth, the program that holds a TAP.
  package var hasCarrier: Bool
  /// Octets of payload.
  package var mtu: Int
  /// The frames its queue holds (txqueuelen).
  package var queueLength: Int
  package var mac: MACAddress
  /// ifalias; empty for none.
  package var alias: String
  /// The device group (IFLA_GROUP).
  package var group: UInt32
  /// The number of the bridge, bond or the like that it is a part of (IFLA_MASTER); nil for none.
  package var master: Int32?
  /// What its frames look like (ARPHRD_*): 1 for Ethernet.
  package var hardwareType: UInt16
  /// What sort it is (IFLA_INFO_KIND): "tun", "veth" …; empty for hardware.
  package var kind: String
  /// Details of a TAP or TUN; nil for others.
  package var tun: TunDetails?
  /// Frames lost before they could be read (tx_dropped).
  package var dropped: UInt64

  /// What the tun driver tells of its device (IFLA_TUN_*).
  package struct TunDetails: Sendable, Equatable {
    package var isTAP = true
    /// The user who may attach to it; nil for anybody.
    package var owner: UInt32?
    package var isPersistent = false
    package var isMultiQueue = false
  }

  /// - Parameter message: RTM_NEWLINK or RTM_DELLINK; nil if it is malformed or tells of a bridge's port (AF_BRIDGE).
  init?(_ message: NetlinkMessage, namespace: NamespaceID) {
    guard message.body.first == 0, let hardwareType = message.body.number(at: 2, as: UInt16.self),
      let index = message.body.number(at: 4, as: Int32.self), let flags = message.body.number(at: 8, as: UInt32.self)
    else { return nil }
    self.namespace = namespace
    self.index = index
    self.hardwareType = hardwareType
    name = ""
    isUp = flags & 1 != 0
    hasCarrier = flags & 0x10000 != 0
    mtu = 0
    queueLength = 0
    mac = MACAddress(bits: 0)
    alias = ""
    group = 0
    kind = ""
    dropped = 0
    for (type, value) in message.attributes(from: 16) {
      switch type {
      case Int(IFLA_IFNAME): name = value.text
      case Int(IFLA_MTU): mtu = Int(value.number(at: 0, as: UInt32.self) ?? 0)
      case Int(IFLA_TXQLEN): queueLength = Int(value.number(at: 0, as: UInt32.self) ?? 0)
      case Int(IFLA_ADDRESS) where value.count == 6: mac = MACAddress(bits: value.reduce(0) { $0 << 8 | UInt64($1) })
      case Int(IFLA_IFALIAS): alias = value.text
      case Int(IFLA_MASTER): master = value.number(at: 0, as: Int32.self).flatMap { $0 > 0 ? $0 : nil }
      case Int(IFLA_GROUP): group = value.number(at: 0, as: UInt32.self) ?? 0
      // struct rtnl_link_stats64: rx and tx packets, bytes, errors, then rx_dropped, tx_dropped.
      case Int(IFLA_STATS64): dropped = value.number(at: 56, as: UInt64.self) ?? 0
      case Int(IFLA_LINKINFO): read(linkInfo: value)
      default: break
      }
    }
    guard !name.isEmpty else { return nil }
  }

  private mutating func read(linkInfo: ArraySlice<UInt8>) {
    var details: TunDetails?
    for (type, value) in NetlinkAttributes(linkInfo) {
      if type == Int(IFLA_INFO_KIND) {
        kind = value.text
      } else if type == Int(IFLA_INFO_DATA), kind == "tun" {
        var found = TunDetails()
        for (type, value) in NetlinkAttributes(value) {
          switch type {
          case Int(IFLA_TUN_OWNER): found.owner = value.number(at: 0, as: UInt32.self)
          case Int(IFLA_TUN_TYPE): found.isTAP = value.first == 2  // IFF_TAP
          case Int(IFLA_TUN_PERSIST): found.isPersistent = value.first == 1
          case Int(IFLA_TUN_MULTI_QUEUE): found.isMultiQueue = value.first == 1
          default: break
          }
        }
        details = found
      }
    }
    tun = details
  }
}
