// Why threaded NAPI or receive packet steering of a device was refused, and the command that does it.

internal import Glibc

/// A setting of a device that is made in its sysfs directory.
enum TuningSetting {
  case threaded(Bool)
  case steering(CPUList)

  /// As the port's settings spell it.
  var text: String {
    switch self {
    case .threaded(let on): on ? "napi=threaded" : "napi=on"
    case .steering(let cpus): cpus == .none ? "rps_cpus" : "rps_cpus=\(cpus.list.replacingCommas)"
    }
  }

  /// What is written where, below the directory of the device.
  fileprivate var content: (text: String, file: String) {
    switch self {
    case .threaded(let on): (on ? "1" : "0", "threaded")
    case .steering(let cpus): (cpus.mask, "queues/rx-*/rps_cpus")
    }
  }
}

extension String {
  /// Lists of a SPEC are joined by `+`.
  fileprivate var replacingCommas: String { String(map { $0 == "," ? "+" : $0 }) }
}

extension NamespaceReference {
  /// The command that writes to files of a device in this namespace, of which /sys may show nothing.
  func command(writing setting: TuningSetting, of device: String) -> String {
    let (text, file) = setting.content
    let path = "/sys/class/net/\(device.shellWord)/\(file)"
    let write = "echo \(text) | tee \(path)"
    switch self {
    case .current: return "echo \(text) | sudo tee \(path)"
    case .named(let name): return "sudo ip netns exec \(name.shellWord) sh -c \(write.shellWord)"
    case .process, .path:
      let mounted = "mount -t sysfs sysfs /sys && \(write)"
      return "sudo nsenter --net=\(self.file.shellWord) unshare -m sh -c \(mounted.shellWord)"
    }
  }

  /// The command by which root of a user namespace has devices steered that are made in it later (since Linux 6.3):
  /// of one that is there only root of the machine may change it. Nil where there is no such user namespace, or no
  /// short way into it.
  fileprivate func command(steering cpus: CPUList) -> String? {
    let write = "echo \(cpus.mask) > /proc/sys/net/core/rps_default_mask"
    switch self {
    case .current: return Privileges.isInUserNamespace ? write : nil
    case .process(let pid) where getuid() != 0:
      return "nsenter -t \(pid) -U -n --preserve-credentials sh -c '\(write)'"
    case .process, .named, .path: return nil
    }
  }
}

extension PortError {
  /// - Parameter error: of InterfaceFiles, with its `operation`.
  static func untuned(_ error: SystemError, _ setting: TuningSetting, _ request: TapRequest) -> PortError {
    let namespace = request.namespace
    let what = "\(setting.text) of \(request.name)\(namespace.place)"
    var command = namespace.command(writing: setting, of: request.name)
    // The kernel takes no word about threads while nobody is attached with NAPI.
    if case .threaded(true) = setting { command = "start with napi=on, then: \(command)" }
    switch (error.operation, error.code) {
    case (_, ENODEV): return .absent("device \(request.name)\(namespace.place)")
    case ("open", ENOENT): return .invalid("\(what): \(missing(setting))", fix: nil)
    case ("fsopen", ENOSYS):
      return .invalid("\(what): the kernel shows the /sys of another namespace only since Linux 5.2", fix: command)
    case ("open", EROFS):
      // Whoever may mount needs no writable /sys.
      let unit = Privileges.current.sysAdmin ? mountCalls : "ProtectKernelTunables=no"
      return .notPermitted(
        "\(what): /sys is mounted read-only", fix: "\(command); or, in a systemd unit: \(unit)")
    case ("setns", EPERM), ("fsopen", EPERM), ("fsopen", EACCES), ("TUNGETDEVNETNS", EPERM):
      guard Privileges.current.sysAdmin else {
        return .notPermitted(
          "\(what): mounting its /sys needs CAP_SYS_ADMIN, which this process lacks",
          fix: "\(command); or: \(Privileges.grant("cap_net_admin,cap_sys_admin,cap_dac_override"))")
      }
      return .notPermitted(
        "\(what): its /sys may not be mounted, by a filter of system calls or because parts of /sys are covered here",
        fix: "\(command); or, in a systemd unit: \(mountCalls)")
    case (_, EPERM), (_, EACCES):
      return unpermitted(what, setting, request, command: command, belongsToRoot: error.operation == "open")
    case ("write", EINVAL):
      guard case .steering = setting else { break }
      return .invalid(
        "\(what): the kernel does not steer to all of these CPUs; some are offline or isolated",
        fix: "cat /sys/devices/system/cpu/online /sys/devices/system/cpu/isolated")
    case ("write", EOVERFLOW): return .invalid("\(what): the kernel has no such CPU", fix: nil)
    default: break
    }
    return .system(SystemError("\(what): \(error.operation)", code: error.code, detail: error.detail), fix: nil)
  }

  private static let mountCalls = "SystemCallFilter=fsopen fsconfig fsmount"

  private static func missing(_ setting: TuningSetting) -> String {
    switch setting {
    case .threaded: "the kernel has no threaded NAPI (since Linux 5.12); napi=on does without threads"
    case .steering: "the kernel was built without receive packet steering (CONFIG_RPS)"
    }
  }

  private static func unpermitted(
    _ what: String, _ setting: TuningSetting, _ request: TapRequest, command: String, belongsToRoot: Bool
  ) -> PortError {
    let grant = Privileges.grant("cap_net_admin,cap_dac_override")
    if belongsToRoot {
      return .notPermitted(
        "\(what): the file belongs to root, and this process lacks CAP_DAC_OVERRIDE", fix: "\(command); or: \(grant)")
    }
    if case .steering(let cpus) = setting, let early = request.namespace.command(steering: cpus) {
      return .notPermitted(
        "\(what): the kernel leaves this to CAP_NET_ADMIN over the whole machine, which no user namespace gives",
        fix: "before the device is made: \(early)")
    }
    return .notPermitted("\(what) needs CAP_NET_ADMIN, which this process lacks", fix: "\(command); or: \(grant)")
  }

  /// The driver would take the flag without a word and do without.
  static func withoutNAPI(_ request: TapRequest) -> PortError {
    .invalid(
      "napi=\(request.napi.rawValue) of \(request.name)\(request.namespace.place): the kernel's tun driver has no NAPI "
        + "(since Linux 4.15)",
      fix: "leave napi=off")
  }
}
