// Devices that an earlier run left behind: found by their group and mark, removed in one step.

internal import CLinux
internal import Glibc

/// Removes the devices of a switch that an earlier run left behind in `namespaces`, in one step each.
/// - Parameters:
///   - group: as in `TapRequest`, not 0.
///   - label: the mark of any port of the switch; devices in the group without it stay.
package func removeDevices(group: UInt32, label: String, in namespaces: [NamespaceReference]) throws(PortError) {
  for namespace in namespaces {
    let session: NetlinkSession
    if namespace == .current {
      session = try NetlinkSession.current()
    } else {
      let handle = try NamespaceHandle(opening: namespace)
      let (_, socket) = try NetlinkSession.visit(handle, namespace, tunPath: nil)
      session = NetlinkSession(owning: socket, namespace: handle.id)
    }
    do throws(SystemError) {
      try session.removeMarked(group: group, prefix: TapSetup.prefix(of: label))
    } catch {
      throw error.code == EPERM ? .cannotEnter(namespace) : .system(error, fix: nil)
    }
  }
}

extension NetlinkSession {
  /// Removes the links of a group that bear our mark: by the group if all do, else one by one.
  /// - Parameter only: of these the ones with such a number; nil for all.
  func removeMarked(group: UInt32, prefix: String, only: Set<Int32>? = nil) throws(SystemError) {
    guard group != 0 else { return }
    let members = try links().filter { $0.group == group }
    let marked = members.filter { link in link.alias.hasPrefix(prefix) && only.map { $0.contains(link.index) } ?? true }
    if marked.count == members.count {
      if !marked.isEmpty { try removeLinks(group: group) }
    } else {
      for link in marked { try removeLink(link.index) }
    }
  }
}
