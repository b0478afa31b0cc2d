// What sysfs tells of one interface and takes for it (Documentation/ABI/testing/sysfs-class-net, …-net-queues): for
// settings that netlink does not have. Opened for a step of set-up and closed behind it.

internal import CLinux
internal import Glibc

/// The directory /sys/class/net/DEVICE of an interface, wherever the interface is.
struct InterfaceFiles: ~Copyable {
  private let directory: Descriptor

  /// The most queues a TAP has (linux/drivers/net/tun.c: MAX_TAP_QUEUES).
  private static let queueLimit = 256

  /// Finds the directory of a TAP's interface: in a sysfs mounted for the purpose, which surely shows the namespace the
  /// device is in; where that is not allowed, in /sys if it shows the device. What stands there is told by number and
  /// address: /sys may belong to another namespace (`nsenter -n`, `unshare -rn`) with a device of the same name.
  /// - Throws: `setns` or `fsopen` where neither is possible; ENODEV when the device is gone.
  init(of link: LinkState, tun: Int32) throws(SystemError) {
    do throws(SystemError) {
      directory = try InterfaceFiles.mounted(link, tun)
    } catch {
      guard error.code != ENODEV, link.namespace == NamespaceID.current, let plain = InterfaceFiles.plain(link) else {
        throw error
      }
      directory = plain
    }
  }

  private static func mounted(_ link: LinkState, _ tun: Int32) throws(SystemError) -> Descriptor {
    let number = ts_tun_device_namespace(tun)
    if number == -EBADFD { throw SystemError("TUNGETDEVNETNS", code: ENODEV, detail: link.name) }
    let namespace = Descriptor(owning: try checked(number, "TUNGETDEVNETNS", link.name))
    guard let handle = try? NamespaceHandle(owning: namespace) else { throw SystemError("fstat", code: EBADF) }
    let root = try NetlinkSession.sysfs(of: handle)
    return try open("class/net/\(link.name)", in: root.number)
  }

  private static func plain(_ link: LinkState) -> Descriptor? {
    guard let found = try? open("/sys/class/net/\(link.name)", in: AT_FDCWD) else { return nil }
    let index = SmallFiles.text("ifindex", in: found.number)
    let address = SmallFiles.text("address", in: found.number)
    guard index == "\(link.index)\n", address == "\(link.mac)\n" else { return nil }
    return found
  }

  private static func open(_ path: String, in directory: Int32) throws(SystemError) -> Descriptor {
    let number = unsafe ts_open_at(directory, path, O_RDONLY | O_DIRECTORY)
    // No such directory: no such device.
    let code = number == -ENOENT ? -ENODEV : number
    return Descriptor(owning: try checked(code, "open", path))
  }

  /// What a file says, without the line's end; nil if there is no such file.
  func text(_ file: String) -> String? {
    SmallFiles.text(file, in: directory.number).map { String($0.prefix { $0 != "\n" }) }
  }

  /// Writes a file in one go.
  /// - Throws: `open` (EACCES, EROFS, ENOENT) or `write` (what the kernel has against the value); `detail` is the file.
  func write(_ text: String, to file: String) throws(SystemError) {
    let descriptor = Descriptor(
      owning: try checked(unsafe ts_open_at(directory.number, file, O_WRONLY), "open", file))
    let bytes = Array(text.utf8)
    let count = unsafe bytes.withUnsafeBytes { buffer -> Int in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe ts_write(descriptor.number, base, UInt(buffer.count))
    }
    _ = try checked(count, "write", file)
  }

  /// The files `rps_cpus` of the queues there are now.
  var steeringFiles: [String] {
    var files: [String] = []
    for queue in 0..<InterfaceFiles.queueLimit {
      let file = "queues/rx-\(queue)/rps_cpus"
      guard text(file) != nil else { break }
      files.append(file)
    }
    return files
  }
}
