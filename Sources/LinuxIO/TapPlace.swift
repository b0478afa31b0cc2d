// Where a device is now, and sockets to speak about it there. Nothing opened here is kept: it would keep a
// namespace alive that its owner has deleted.

internal import CLinux
internal import Glibc

/// The namespace of a TAP device as seen from the one its descriptor was opened in.
enum TapPlace: ~Copyable {
  case home
  /// Somebody moved it.
  case elsewhere(NamespaceHandle)
  /// The kernel does not tell: to a process without CAP_NET_ADMIN, or before TUNGETDEVNETNS.
  case unseen

  /// Nil when the device is gone.
  init?(of descriptor: Int32, home: NamespaceID) {
    let result = ts_tun_device_namespace(descriptor)
    if result < 0, result != -EBADFD, result != -EBADF {
      self = .unseen
      return
    }
    guard result >= 0, let handle = try? NamespaceHandle(owning: Descriptor(owning: result)) else { return nil }
    if handle.id == home { self = .home } else { self = .elsewhere(handle) }
  }
}

extension NetlinkSession {
  /// Opens a netlink socket inside a namespace, and the TUN device if a path is given (else -1): from a thread that
  /// goes there for the moment (CAP_SYS_ADMIN), or, where the namespace belongs to a user namespace of this user,
  /// from a child process.
  static func visit(
    _ namespace: borrowing NamespaceHandle, _ reference: NamespaceReference, tunPath: String?
  ) throws(PortError) -> (tun: Int32, socket: Int32) {
    var visit = unsafe ts_visit()
    unsafe visit.namespace_fd = namespace.descriptor.number
    var started = unsafe start(&visit, tunPath, ts_visit_namespace)
    guard started >= 0 else { throw .system(SystemError("pthread_create", code: started), fix: nil) }
    if unsafe visit.enter_error == -EPERM {
      started = unsafe start(&visit, tunPath, ts_visit_owned_namespace)
      switch -started {
      case EMFILE, ENFILE: throw .tunDevice(tunPath ?? "/dev/net/tun", code: started)
      // The user namespace is none of ours, or the kernel (before 4.9) does not tell which it is.
      case EPERM, ENOTTY: throw .cannotEnter(reference)
      default:
        guard started >= 0 else { throw .system(SystemError("fork", code: started), fix: nil) }
      }
    }
    switch unsafe visit.enter_error {
    case 0: break
    case -EPERM, -EINVAL: throw .cannotEnter(reference)
    default:
      throw .system(
        SystemError("setns", code: unsafe visit.enter_error, detail: reference.description), fix: nil)
    }
    if unsafe visit.tun_error != 0 { throw .tunDevice(tunPath ?? "/dev/net/tun", code: unsafe visit.tun_error) }
    if unsafe visit.open_error != 0 {
      if unsafe visit.tun >= 0 { _ = unsafe ts_close(visit.tun) }
      throw .system(SystemError("socket(AF_NETLINK)", code: unsafe visit.open_error), fix: nil)
    }
    return unsafe (visit.tun, visit.opened)
  }

  /// The root of a sysfs that shows a namespace, opened inside it in the same two ways.
  /// - Throws: what failed: `setns`, or `fsopen` (EPERM without the rights, ENOSYS before Linux 5.2).
  static func sysfs(of namespace: borrowing NamespaceHandle) throws(SystemError) -> Descriptor {
    var visit = unsafe ts_visit()
    unsafe visit.namespace_fd = namespace.descriptor.number
    unsafe visit.for_sysfs = 1
    _ = try checked(unsafe start(&visit, nil, ts_visit_namespace), "pthread_create")
    if unsafe visit.enter_error == -EPERM {
      _ = try checked(unsafe start(&visit, nil, ts_visit_owned_namespace), "setns")
    }
    _ = try checked(unsafe visit.enter_error, "setns")
    _ = try checked(unsafe visit.open_error, "fsopen")
    return Descriptor(owning: unsafe visit.opened)
  }

  private static func start(
    _ visit: inout ts_visit, _ tunPath: String?, _ body: (UnsafeMutablePointer<ts_visit>) -> Int32
  ) -> Int32 {
    guard let tunPath else { return unsafe body(&visit) }
    return unsafe tunPath.withCString { path in
      unsafe visit.tun_path = path
      defer { unsafe visit.tun_path = nil }
      return unsafe body(&visit)
    }
  }

  /// The session others use in this namespace already, and `socket` is closed; else one around `socket`.
  static func adopt(_ socket: Int32, namespace: NamespaceID) -> NetlinkSession {
    let made = NetlinkSession(owning: socket, namespace: namespace)
    return shared(made)
  }
}

extension TapSetup {
  /// Gives the descriptor to the device it belongs to now.
  consuming func takeDescriptor() -> Int32 { tun.release() }
}

extension String {
  /// The text with the first occurrence at its start put differently.
  func replacingFirst(_ start: String, _ other: String) -> String {
    hasPrefix(start) ? other + dropFirst(start.count) : self
  }
}
