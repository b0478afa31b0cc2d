// What the link monitor tells its owner.

/// A change of a link or a namespace that is watched.
package enum LinkEvent: Sendable, Equatable {
  /// A link is new or has changed: name, up or down, mtu, anything.
  case linkChanged(LinkState)
  /// A link has left its namespace: deleted, or moved to another one, where it is down and without addresses.
  /// After a move `TapDevice.link()` tells where it is now; watch it there by `watch(_: TapDevice)`.
  case linkGone(LinkState, moved: Bool)
  /// A namespace of this reference has come to be; its links are watched from now on.
  case namespaceAppeared(NamespaceReference, NamespaceID)
  /// The name was deleted or the process has ended. The monitor holds nothing of it any more; it dies when the
  /// owner has closed its TAP devices there, unless others keep it.
  case namespaceGone(NamespaceReference, NamespaceID?)
  /// More happened at once than the socket held: ask `TapDevice.link()` for every device in this namespace.
  case eventsLost(NamespaceID)
}

/// One watch; give it back to `LinkMonitor.unwatch`.
package struct NamespaceWatch: Hashable, Sendable {
  let token: UInt64
  /// What is watched; nil for a namespace without a name that a device was moved into.
  package let reference: NamespaceReference?
  /// The namespace when the watch began; nil if there was none.
  package let namespace: NamespaceID?
  /// Links in it are heard. Without CAP_SYS_ADMIN (or CAP_NET_BROADCAST for one without a name) only those of the own
  /// namespace are; then ask `TapDevice.link()`.
  package let hearsLinks: Bool
}
