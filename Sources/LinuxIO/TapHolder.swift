// Who holds a TAP device that is busy: for the message only.

/// A process that has a TAP or TUN device open.
struct TapHolder {
  let pid: Int32
  let command: String

  /// Looks through the descriptors of all processes this one may look at. The name is compared without its
  /// namespace, which /proc does not tell: a hint, not a proof.
  static func find(_ device: String) -> TapHolder? {
    for entry in SmallFiles.names(in: "/proc") {
      guard let pid = Int32(entry) else { continue }
      let directory = "/proc/\(pid)/fd"
      for number in SmallFiles.names(in: directory) {
        guard SmallFiles.link("\(directory)/\(number)")?.hasSuffix("net/tun") == true,
          let text = SmallFiles.text("/proc/\(pid)/fdinfo/\(number)"), SmallFiles.value(of: "iff", in: text) == device
        else { continue }
        let command = SmallFiles.text("/proc/\(pid)/comm")?.split(separator: "\n").first
        return TapHolder(pid: pid, command: command.map(String.init) ?? "?")
      }
    }
    return nil
  }
}
