// What a port on an existing interface asks for, and whether an interface can be that. Nothing is changed about it: it
// belongs to somebody else.

/// The interface of a `netdev` port as its settings describe it: in the network namespace of the process.
package struct NetRequest: Sendable, Equatable {
  /// The interface's name, 1 to 15 bytes.
  package var name: String
  /// Octets of payload that it must have, 68 to 65521; nil takes what it has.
  package var mtu: Int?

  package init(name: String, mtu: Int? = nil) {
    self.name = name
    self.mtu = mtu
  }

  /// Every check that needs no kernel.
  package func validate() throws(PortError) {
    if let fault = TapRequest.fault(inName: name) { throw .invalid(fault, fix: nil) }
    if let mtu { try NetRequest.validate(mtu: mtu, of: name) }
  }

  static func validate(mtu: Int, of name: String) throws(PortError) {
    guard TapRequest.mtuRange.contains(mtu) else {
      throw .invalid("mtu \(mtu) of \(name) is outside 68 to 65521", fix: nil)
    }
  }

  /// Why `link`, which answers to the name, cannot be the interface.
  func check(_ link: LinkState) throws(PortError) {
    guard link.name == name else {
      throw .invalid(
        "\(name) is another name of \(link.name.shown)", fix: "attach it with netdev:\(link.name.shown)")
    }
    guard link.hardwareType == 1 else {  // ARPHRD_ETHER
      let kind = link.kind.isEmpty ? "" : ": it is a \(link.kind) interface"
      throw .invalid("\(name) is no Ethernet interface\(kind)", fix: "choose another interface")
    }
    if let mtu, link.mtu != mtu { throw TapSetup.foreignMTU(mtu, link, .current) }
  }
}
