// What control needs of the device behind a port, whatever kind it is. Frames go through PortIO and never through here.

/// An attached device. Any thread may call it; nothing here is called per frame.
package protocol PortDevice: AnyObject, Sendable {
  /// Read and written by the workers, valid until `close`.
  var io: PortIO { get }
  /// The name it was asked for by.
  var name: String { get }
  /// The interface number when it was attached.
  var index: Int32 { get }
  /// The namespace it was attached in.
  var home: NamespaceID { get }
  /// What may be handed to it unsegmented and without checksums.
  var offload: OffloadCapabilities { get }
  /// What it was when attached, all settings made.
  var initial: LinkState { get }
  /// Made by this attachment.
  var created: Bool { get }
  /// What keeps it from working as it could, who else uses it for instance, and the command that ends it: one sentence
  /// each.
  var concerns: [String] { get }

  /// The interface now; nil when it is gone, closed, or where this process cannot look.
  func link() -> LinkState?
  /// Frames lost before the switch could read them, in all; nil if it cannot be known.
  func kernelDrops() -> UInt64?
  /// Takes the carrier away or gives it back, as pulling a cable does, where the device is ours.
  func setCarrier(_ on: Bool) throws(PortError)
  /// Sets the payload size of a device we made; of another it must be that already.
  func setMTU(_ mtu: Int) throws(PortError)
  /// Lets the device go; afterwards `io` is not ours any more. A second call does nothing.
  /// - Parameter removing: the device goes too, if we made it and it shall not outlive us.
  func close(removing: Bool)
}

extension PortDevice {
  package var concerns: [String] { [] }
}

extension TapDevice: PortDevice {
  package var io: PortIO { PortIO(descriptor: descriptor) }
  package var name: String { request.name }
}
