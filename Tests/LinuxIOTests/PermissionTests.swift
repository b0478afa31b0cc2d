// What an unprivileged user can do with a device root has prepared, and what is said where a right is missing.
// Each runs in a process of its own that gives its rights up.

import Glibc
import Testing
import Wire

@testable import LinuxIO

/// A TUN device file everybody may open, wherever the machine's own stands.
enum OpenTun {
  static func make() throws -> String {
    let path = "/dev/\(Machine.unique("lnxtun"))"
    let old = umask(0)
    defer { umask(old) }
    guard unsafe mknod(path, S_IFCHR | 0o666, 10 << 8 | 200) == 0 else {
      throw CommandFailure(description: "mknod \(path): error \(errno)")
    }
    return path
  }
}

extension Devices {
  struct PermissionTests {
    static let user: uid_t = 65534

    /// For good, and all groups too.
    static func giveUpRights() {
      guard setgroups(0, nil) == 0, setgid(user) == 0, setuid(user) == 0 else { exit(90) }
    }

    @Test func preparedDeviceNeedsNoRight() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      let name = Machine.unique("lu")
      try Devices.ip("tuntap add dev \(name) mode tap user \(PermissionTests.user)")
      defer { _ = try? Devices.ip("link del \(name)") }
      try Devices.ip("link set \(name) up mtu 1400")
      try Devices.ip("address add 10.77.0.1/24 dev \(name)")
      try Devices.ip("route add 10.78.0.0/16 dev \(name)")
      try Devices.ip("link set \(name) group 5")
      await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
        PermissionTests.giveUpRights()
        var request = Devices.request(name)
        request.mtu = 1400
        request.addresses = [InterfaceAddress("10.77.0.1/24")].compactMap(\.self)
        request.routes = [InterfaceRoute("10.78.0.0/16")].compactMap(\.self)
        let device = try TapDevice.attach(request, tunPath: path)
        #expect(!device.made && !device.created)
        #expect(device.offload.checksum && device.offload.tso4)
        #expect(device.link()?.mtu == 1400 && device.link()?.isUp == true)
        #expect(device.kernelDrops() != nil)
        #expect(Devices.write(device) == Devices.frame.count)
        let monitor = try LinkMonitor { _ in }
        let watch = monitor.watch(device)
        #expect(watch.hearsLinks && watch.reference == .current)
        monitor.stop()
        device.close(removing: true)
      }
      #expect(try Devices.ip("link show \(name)").contains(name))
    }

    @Test func differencesNameTheCommand() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      let name = Machine.unique("lu")
      try Devices.ip("tuntap add dev \(name) mode tap user \(PermissionTests.user)")
      defer { _ = try? Devices.ip("link del \(name)") }
      await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
        PermissionTests.giveUpRights()
        func refusal(_ change: (inout TapRequest) -> Void) -> PortError? {
          var request = Devices.request(name)
          change(&request)
          return failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        }
        let down = refusal { _ in }
        guard case .notPermitted(let message, let fix)? = down else {
          Issue.record("\(String(describing: down))")
          return
        }
        #expect(message == "setting up of \(name) needs CAP_NET_ADMIN, which this process lacks")
        #expect(
          fix?.hasPrefix("sudo ip link set dev \(name) up; or: sudo setcap cap_net_admin+ep /") == true, "\(fix ?? "")")
        let queue = refusal {
          $0.explicitQueueLength = true
          $0.queueLength = 5
        }
        #expect(queue?.fix?.hasPrefix("sudo ip link set dev \(name) txqueuelen 5; or:") == true, "\(queue?.fix ?? "")")
        let mtu = refusal { $0.mtu = 9000 }
        #expect(mtu?.fix == "sudo ip link set dev \(name) mtu 9000")
      }
      try Devices.ip("link set \(name) up")
      await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
        PermissionTests.giveUpRights()
        var request = Devices.request(name)
        request.addresses = [InterfaceAddress("10.77.1.1/24")].compactMap(\.self)
        let address = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        #expect(
          address?.fix?.hasPrefix("sudo ip address add 10.77.1.1/24 dev \(name); or:") == true,
          "\(String(describing: address))")
        request.addresses = []
        request.routes = [InterfaceRoute("10.79.0.0/16")].compactMap(\.self)
        let route = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        #expect(
          route?.fix?.hasPrefix("sudo ip route add 10.79.0.0/16 dev \(name); or:") == true,
          "\(String(describing: route))")
      }
    }

    @Test func makingNamesCapabilitiesAndCommands() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      let namespace = try TestNamespace()
      let theirs = Machine.unique("lu")
      try Devices.ip("tuntap add dev \(theirs) mode tap user 12345")
      defer { _ = try? Devices.ip("link del \(theirs)") }
      await #expect(processExitsWith: .success) {
        [path = path as String, theirs = theirs as String, namespace = namespace.name as String] in
        PermissionTests.giveUpRights()
        var request = Devices.request("lxnew")
        request.mtu = 9000
        request.addresses = [InterfaceAddress("10.77.1.1/24")].compactMap(\.self)
        let making = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        #expect(making?.message == "making the TAP device lxnew needs CAP_NET_ADMIN, which this process lacks")
        #expect(
          making?.fix?.hasPrefix(
            "sudo ip tuntap add dev lxnew mode tap user nobody && sudo ip link set dev lxnew mtu 9000 up"
              + " && sudo ip address add 10.77.1.1/24 dev lxnew; or: sudo setcap cap_net_admin+ep /") == true,
          "\(making?.fix ?? "")")
        request.namespace = .named(namespace)
        let entering = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        guard case .notPermitted(let message, let fix)? = entering else {
          Issue.record("\(String(describing: entering))")
          return
        }
        #expect(message.hasSuffix("needs CAP_NET_ADMIN and CAP_SYS_ADMIN, which this process lacks"), "\(message)")
        #expect(fix?.contains("setcap cap_net_admin,cap_sys_admin+ep") == true)
        let foreign = failure { () throws(PortError) in
          _ = try TapDevice.attach(Devices.request(theirs), tunPath: path)
        }
        #expect(foreign?.message.contains("belongs to user 12345") == true, "\(String(describing: foreign))")
        #expect(Privileges.current == Privileges(effective: 0))
      }
    }

    /// Root can prepare steering too; without a right the command is told, and it helps.
    @Test func steeringNamesTheCommand() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      let name = Machine.unique("lu")
      try Devices.ip("tuntap add dev \(name) mode tap user \(PermissionTests.user)")
      defer { _ = try? Devices.ip("link del \(name)") }
      try Devices.ip("link set \(name) up")
      await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
        PermissionTests.giveUpRights()
        var request = Devices.request(name)
        request.rpsCPUs = [0]
        let steering = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        #expect(
          steering?.message
            == "rps_cpus=0 of \(name): the file belongs to root, and this process lacks CAP_DAC_OVERRIDE",
          "\(String(describing: steering))")
        #expect(
          steering?.fix?.hasPrefix(
            "echo 1 | sudo tee /sys/class/net/\(name)/queues/rx-*/rps_cpus; or: sudo setcap ") == true)
        // NAPI itself needs no right, threads do.
        request.rpsCPUs = []
        request.napi = .on
        #expect(failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) } == nil)
        request.napi = .threaded
        guard
          case .notPermitted? = failure({ () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) })
        else {
          Issue.record("threads without a right")
          return
        }
      }
      try Command.run("sh", "-c", "echo 1 | tee /sys/class/net/\(name)/queues/rx-*/rps_cpus")
      await #expect(processExitsWith: .success) { [path = path as String, name = name as String] in
        PermissionTests.giveUpRights()
        var request = Devices.request(name)
        request.rpsCPUs = [0]
        let device = try TapDevice.attach(request, tunPath: path)
        #expect(Devices.write(device) == Devices.frame.count)
        // Prepared so: nothing of ours to put back.
        try device.setRPS(old: [0], new: [])
        device.close(removing: true)
      }
      #expect(SmallFiles.text("/sys/class/net/\(name)/queues/rx-0/rps_cpus") == "1\n")
    }

    /// In the namespace of a rootless container its owner has threads as root has. Steering the kernel leaves to root
    /// of the machine; the command that is told makes it the default there, for devices made after it.
    @Test func rootlessContainer() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      await #expect(processExitsWith: .success) { [path = path as String] in
        PermissionTests.giveUpRights()
        // Some distributions allow it to programs of their choice only.
        guard (try? Command.run("unshare", "-Urn", "true")) != nil else { return }
        let container = try Command.start("unshare", "-Urn", "sleep", "60")
        defer { Command.stop(container) }
        let own = try #require(NamespaceID.current)
        #expect(
          Devices.soon(5) {
            guard let there = try? NamespaceHandle(opening: .process(container)).id else { return false }
            return there != own && SmallFiles.text("/proc/\(container)/comm") == "sleep\n"
          })
        let name = Machine.unique("n")
        var request = Devices.request(name, .process(container))
        request.napi = .threaded
        let device = try TapDevice.attach(request, tunPath: path)
        #expect(Devices.write(device) == Devices.frame.count)
        #expect(Devices.threads("napi/\(name)-0") == 1)
        request.name = "tap1"
        request.rpsCPUs = [0]
        let steering = failure { () throws(PortError) in _ = try TapDevice.attach(request, tunPath: path) }
        let fix =
          "nsenter -t \(container) -U -n --preserve-credentials "
          + "sh -c 'echo 1 > /proc/sys/net/core/rps_default_mask'"
        #expect(
          steering
            == .notPermitted(
              "rps_cpus=0 of tap1 in the network namespace of process \(container): the kernel leaves this to "
                + "CAP_NET_ADMIN over the whole machine, which no user namespace gives",
              fix: "before the device is made: \(fix)"))
        guard SmallFiles.exists("/proc/sys/net/core/rps_default_mask") else { return }
        try Command.run("sh", "-c", fix)
        let steered = try TapDevice.attach(request, tunPath: path)
        #expect(Devices.write(steered) == Devices.frame.count)
        steered.close(removing: true)
        device.close(removing: true)
      }
    }

    @Test func closedTunDevice() async throws {
      let path = try OpenTun.make()
      defer { unsafe unlink(path) }
      unsafe chmod(path, 0o600)
      await #expect(processExitsWith: .success) { [path = path as String] in
        PermissionTests.giveUpRights()
        let error = failure { () throws(PortError) in _ = try TapDevice.attach(Devices.request("lx"), tunPath: path) }
        #expect(error == .notPermitted("\(path) may not be opened by this user", fix: "sudo chmod 0666 \(path)"))
      }
    }
  }
}
