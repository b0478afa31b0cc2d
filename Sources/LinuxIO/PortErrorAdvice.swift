// The sentences and commands of set-up errors: which right is missing, and how to do without root.

internal import CLinux
internal import Glibc

extension NamespaceReference {
  /// `ip ARGUMENTS` as one would type it for this namespace.
  func command(_ arguments: String) -> String {
    switch self {
    case .current: "sudo ip \(arguments)"
    case .named(let name): "sudo ip -n \(name.shellWord) \(arguments)"
    case .process(let pid): "sudo nsenter -t \(pid) -n ip \(arguments)"
    case .path(let path): "sudo nsenter --net=\(path.shellWord) ip \(arguments)"
    }
  }

  /// " in network namespace web", nothing for the current one.
  var place: String { self == .current ? "" : " in \(sentence)" }
}

extension TapRequest {
  /// The commands by which root prepares the device once, so that this user needs no right at all.
  var preparation: String {
    let device = name.shellWord
    var commands = [namespace.command("tuntap add dev \(device) mode tap user \(Privileges.user.shellWord)")]
    if explicitMAC { commands.append(namespace.command("link set dev \(device) address \(mac)")) }
    let size = mtu.map { " mtu \($0)" } ?? ""
    let queue = explicitQueueLength ? " txqueuelen \(queueLength)" : ""
    commands.append(namespace.command("link set dev \(device)\(size)\(queue) up"))
    commands += addresses.map { namespace.command("address add \($0) dev \(device)") }
    commands += routes.map { namespace.command($0.command(dev: device)) }
    if !rpsCPUs.isEmpty, let cpus = CPUList(rpsCPUs) {
      commands.append(namespace.command(writing: .steering(cpus), of: name))
    }
    return commands.joined(separator: " && ")
  }
}

extension InterfaceRoute {
  func command(dev name: String) -> String {
    "route add \(destination)" + (nextHop.map { " via \($0)" } ?? "") + " dev \(name)"
  }
}

extension PortError {
  /// "CAP_NET_ADMIN, which this process lacks"
  private static func lack(_ namespace: NamespaceReference) -> String {
    let missing = Privileges.current.missing(namespace: namespace)
    if missing.isEmpty { return "rights over the user namespace that owns it" }
    return missing.joined(separator: " and ") + ", which this process lacks"
  }

  static func cannotOpenNamespace(_ namespace: NamespaceReference) -> PortError {
    .notPermitted(
      "opening \(namespace.sentence) needs \(lack(namespace))", fix: Privileges.grant(namespace: namespace))
  }

  static func cannotEnter(_ namespace: NamespaceReference) -> PortError {
    .notPermitted(
      "working in \(namespace.sentence) needs \(lack(namespace))", fix: Privileges.grant(namespace: namespace))
  }

  static func cannotCreate(_ request: TapRequest) -> PortError {
    let grant = Privileges.grant(namespace: request.namespace)
    // Somebody who may not enter the namespace is not helped by a device in it.
    let fix = request.namespace == .current ? "\(request.preparation); or: \(grant)" : grant
    return .notPermitted(
      "making the TAP device \(request.name)\(request.namespace.place) needs \(lack(request.namespace))", fix: fix)
  }

  /// - Parameter command: what follows `ip` to make the change.
  static func cannotChange(
    _ name: String, _ setting: String, _ namespace: NamespaceReference, command: String
  ) -> PortError {
    .notPermitted(
      "setting \(setting) of \(name)\(namespace.place) needs \(lack(namespace))",
      fix: "\(namespace.command(command)); or: \(Privileges.grant(namespace: namespace))")
  }

  static func cannotAttach(_ request: TapRequest, owner: UInt32?) -> PortError {
    let whose = owner.map { "belongs to user \($0)" } ?? "belongs to somebody else"
    let remake = request.namespace.command("tuntap del dev \(request.name.shellWord) mode tap")
    return .notPermitted(
      "\(request.name)\(request.namespace.place) \(whose) and cannot be attached without CAP_NET_ADMIN",
      fix: "\(remake) && \(request.preparation); or: \(Privileges.grant(namespace: request.namespace))")
  }

  static func busy(_ request: TapRequest) -> PortError {
    let message = "\(request.name)\(request.namespace.place) is in use by another program"
    if let holder = TapHolder.find(request.name) {
      return .inUse(
        "\(message): \(holder.command), process \(holder.pid)",
        fix: "stop process \(holder.pid), or choose another device name")
    }
    return .inUse(message, fix: "sudo grep -l 'iff:.*\(request.name)$' /proc/[0-9]*/fdinfo/*")
  }

  static func tunDevice(_ path: String, code: Int32) -> PortError {
    switch abs(code) {
    case ENOENT, ENOTDIR:
      return .noTunDevice(
        "\(path) does not exist",
        fix: "sudo modprobe tun; or, where the driver is there already: "
          + "sudo mkdir -p /dev/net && sudo mknod -m 0666 \(path) c 10 200")
    case ENODEV, ENXIO:
      return .noTunDevice("\(path) is there, but the kernel has no tun driver", fix: "sudo modprobe tun")
    case EACCES, EPERM:
      return .notPermitted("\(path) may not be opened by this user", fix: "sudo chmod 0666 \(path)")
    case EMFILE, ENFILE:
      return .system(
        SystemError("open", code: code, detail: path), fix: "ulimit -n 65536 (LimitNOFILE= in a systemd unit)")
    default:
      return .system(SystemError("open", code: code, detail: path), fix: nil)
    }
  }

  /// What became of a change to a link, an address or a route. `error.operation` names the setting.
  /// - Parameter command: what follows `ip` to make the change.
  static func refused(
    _ error: SystemError, device name: String, in namespace: NamespaceReference, command: String
  ) -> PortError {
    let setting = error.operation
    let name = name.shown
    switch error.code {
    case EPERM: return cannotChange(name, setting, namespace, command: command)
    case ENODEV: return .absent("device \(name)\(namespace.place)")
    case EEXIST where setting.hasPrefix("route"):
      return .invalid(
        "\(setting) of \(name)\(namespace.place): there is such a route through another device already",
        fix: namespace.command("route show"))
    case EINVAL, ERANGE, EACCES, EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH, EADDRINUSE, EOPNOTSUPP, EAFNOSUPPORT, E2BIG:
      return .invalid("\(setting) of \(name)\(namespace.place) was refused: \(error.detail ?? error.reason)", fix: nil)
    default:
      return .system(
        SystemError("\(setting) of \(name)\(namespace.place)", code: error.code, detail: error.detail), fix: nil)
    }
  }
}

extension PortError {
  /// - Parameter code: why the packet socket of an interface could not be opened.
  static func packetSocket(_ name: String, code: Int32) -> PortError {
    switch abs(code) {
    case EPERM, EACCES: return cannotTakeFrames(name)
    case ENODEV, ENXIO: return .absent("interface \(name)")
    case EAFNOSUPPORT:
      // What systemd answers in the kernel's place, too.
      return .system(
        SystemError("socket(AF_PACKET)", code: code, detail: name),
        fix: "sudo modprobe af_packet; or, in a systemd unit: RestrictAddressFamilies=AF_PACKET (beside the others)")
    case ENOPROTOOPT:
      return .invalid("\(name) cannot be attached: the kernel's packet sockets are older than Linux 4.20", fix: nil)
    case EMFILE, ENFILE:
      return .system(
        SystemError("socket(AF_PACKET)", code: code, detail: name),
        fix: "ulimit -n 65536 (LimitNOFILE= in a systemd unit)")
    default: return .system(SystemError("socket(AF_PACKET)", code: code, detail: name), fix: nil)
    }
  }

  private static func cannotTakeFrames(_ name: String) -> PortError {
    let privileges = Privileges.current
    if privileges.netRaw, Privileges.isInUserNamespace {
      return .notPermitted(
        "taking the frames of \(name) needs CAP_NET_RAW over the network namespace it is in, which this process's own "
          + "user namespace does not give",
        fix: "start tapswitch outside of that user namespace")
    }
    // setcap puts its list in the place of what the program had before.
    var names = ["cap_net_raw"]
    if privileges.sysAdmin { names.insert("cap_sys_admin", at: 0) }
    if privileges.netAdmin { names.insert("cap_net_admin", at: 0) }
    return .notPermitted(
      "taking the frames of \(name) needs CAP_NET_RAW, which this process lacks",
      fix: Privileges.grant(names.joined(separator: ",")))
  }
}
