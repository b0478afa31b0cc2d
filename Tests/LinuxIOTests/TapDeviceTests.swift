// TAP devices on the real kernel: made, found again, changed, lost.

import Glibc
import Synchronization
import Testing
import Wire

@testable import LinuxIO

extension Devices {
  struct TapDeviceTests {
    @Test func madeWithAllSettings() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.mtu = 9000
      request.addresses = ["10.9.0.1/24", "fd00:9::1/64"].compactMap { InterfaceAddress($0) }
      request.routes = ["10.10.0.0/16@10.9.0.254", "10.11.0.0/16", "fd00:10::/64@fd00:9::2", "fd00:11::/64"]
        .compactMap { InterfaceRoute($0) }
      let device = try TapDevice.attach(request)
      defer { device.close(removing: true) }
      #expect(device.made && device.created)
      #expect(device.offload.checksum && device.offload.tso4 && device.offload.tso6)
      let link = try #require(device.link())
      #expect(link.name == "tap0" && link.isUp && link.mtu == 9000 && link.queueLength == 4096)
      #expect(link.mac == request.mac && link.alias == request.label && link.group == request.group)
      #expect(link.tun?.isPersistent == true && link.tun?.isTAP == true)
      #expect(link.namespace == device.home && device.currentNamespace() == device.home)
      let addresses = try namespace.ip("-o address show dev tap0")
      #expect(addresses.contains("10.9.0.1/24 brd 10.9.0.255"))
      // Usable at once: not tentative.
      #expect(addresses.split(separator: "\n").contains { $0.contains("fd00:9::1/64") && !$0.contains("tentative") })
      let routes = try namespace.ip("route show") + namespace.ip("-6 route show")
      for expected in ["10.10.0.0/16 via 10.9.0.254", "10.11.0.0/16", "fd00:10::/64 via fd00:9::2", "fd00:11::/64"] {
        #expect(routes.contains(expected), "\(routes)")
      }
      #expect(Devices.write(device) == Devices.frame.count)
    }

    @Test func inTheOwnNamespaceOfAProcessAndOfAPath() throws {
      let namespace = try TestNamespace()
      let sleeper = try Command.start("ip", "netns", "exec", namespace.name, "sleep", "100")
      defer { Command.stop(sleeper) }
      let there = try NamespaceHandle(opening: namespace.reference).id
      #expect(Devices.soon { (try? NamespaceHandle(opening: .process(sleeper)).id) == there })
      for reference in [NamespaceReference.process(sleeper), .path("/run/netns/\(namespace.name)")] {
        let device = try TapDevice.attach(Devices.request("tap0", reference))
        #expect(device.home == there)
        #expect(try namespace.ip("link show tap0").contains("tap0"))
        device.close(removing: true)
      }
      let name = Machine.unique("lx")
      let own = try TapDevice.attach(Devices.request(name))
      #expect(own.home == NamespaceID.current)
      #expect(try Devices.ip("link show \(name)").contains(name))
      own.close(removing: true)
      #expect(throws: CommandFailure.self) { try Devices.ip("link show \(name)") }
    }

    /// After a crash: what was there stays, what is missing comes back.
    @Test func foundAgain() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.addresses = [InterfaceAddress("10.9.0.1/24")].compactMap(\.self)
      request.routes = [InterfaceRoute("10.10.0.0/16@10.9.0.254")].compactMap(\.self)
      let first = try TapDevice.attach(request)
      try namespace.ip("address add 10.8.0.1/24 dev tap0")
      try namespace.ip("route add 10.12.0.0/16 dev tap0")
      first.close(removing: false)
      let second = try TapDevice.attach(request)
      #expect(second.made && !second.created && second.index == first.index)
      #expect(second.link()?.isUp == true)
      let state = try namespace.ip("-o address show dev tap0") + namespace.ip("route show")
      for expected in ["10.9.0.1/24", "10.8.0.1/24", "10.12.0.0/16", "10.10.0.0/16 via 10.9.0.254"] {
        #expect(state.contains(expected), "\(state)")
      }
      #expect(Devices.write(second) == Devices.frame.count)
      second.close(removing: true)
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap0") }
    }

    @Test func staysWithPersist() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.persist = true
      let device = try TapDevice.attach(request)
      #expect(device.link()?.group == 0)
      device.close(removing: true)
      #expect(try namespace.ip("link show tap0").contains("tap0"))
      // The next run without `persist`: in the group again, and removed at its end.
      request.persist = false
      let again = try TapDevice.attach(request)
      #expect(again.made && again.link()?.group == request.group)
      TapDevice.closeAll([again])
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap0") }
    }

    /// Somebody else's device is never removed, marked or made persistent or not.
    @Test func preparedByTheUser() throws {
      let namespace = try TestNamespace()
      try namespace.ip("tuntap add dev tap0 mode tap")
      try namespace.ip("link set tap0 mtu 1400 alias mine up")
      let before = try #require(try NetlinkSessionForTests.link("tap0", namespace.reference))
      var request = Devices.request("tap0", namespace.reference)
      request.create = false
      let device = try TapDevice.attach(request)
      #expect(!device.made && !device.created)
      let link = try #require(device.link())
      #expect(link.mac == before.mac && link.mtu == 1400 && link.alias == "mine" && link.group == 0)
      #expect(link.queueLength == before.queueLength)
      #expect(failure { () throws(PortError) in try device.setMTU(1400) } == nil)
      let refusal = failure { () throws(PortError) in try device.setMTU(9000) }
      #expect(refusal?.fix == "sudo ip -n \(namespace.name) link set dev tap0 mtu 9000")
      TapDevice.closeAll([device])
      #expect(try namespace.ip("link show tap0").contains("tap0"))
      request.mtu = 1500
      guard case .invalid? = failure({ () throws(PortError) in _ = try TapDevice.attach(request) }) else {
        Issue.record("attached with another mtu")
        return
      }
    }

    @Test func multiQueueDeviceOfTheUser() throws {
      let namespace = try TestNamespace()
      try namespace.ip("tuntap add dev tap0 mode tap multi_queue")
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      #expect(!device.made && device.link()?.isUp == true)
      #expect(Devices.write(device) == Devices.frame.count)
      device.close(removing: true)
      #expect(try namespace.ip("link show tap0").contains("tap0"))
    }

    @Test func waitsForWhatIsAbsent() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.create = false
      #expect(
        failure { () throws(PortError) in _ = try TapDevice.attach(request) }
          == .absent("device tap0 in network namespace \(namespace.name)"))
      request.namespace = .named("nosuch\(getpid())")
      #expect(
        failure { () throws(PortError) in _ = try TapDevice.attach(request) }
          == .absent("network namespace nosuch\(getpid())"))
      request.namespace = .process(4_190_000)
      #expect(failure { () throws(PortError) in _ = try TapDevice.attach(request) } == .absent("process 4190000"))
      request.namespace = .path("/etc/hostname")
      #expect(
        failure { () throws(PortError) in _ = try TapDevice.attach(request) }
          == .invalid("/etc/hostname is not a network namespace", fix: nil))
      let fifo = "/tmp/\(Machine.unique("linuxio-fifo-"))"
      unsafe mkfifo(fifo, 0o600)
      defer { unsafe unlink(fifo) }
      request.namespace = .path(fifo)
      #expect(
        failure { () throws(PortError) in _ = try TapDevice.attach(request) }
          == .invalid("\(fifo) is not a network namespace", fix: nil))
      request.namespace = .path("/proc/self/ns/uts")
      guard case .invalid? = failure({ () throws(PortError) in _ = try TapDevice.attach(request) }) else {
        Issue.record("another sort of namespace was taken")
        return
      }
    }

    @Test func noTunDevice() throws {
      let error = failure { () throws(PortError) in
        _ = try TapDevice.attach(Devices.request("lxnever"), tunPath: "/nonexistent/tun")
      }
      guard case .noTunDevice(let message, let fix)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(message == "/nonexistent/tun does not exist")
      #expect(fix?.contains("modprobe tun") == true)
    }

    @Test func takenByAnotherProgram() throws {
      let namespace = try TestNamespace()
      let first = try TapDevice.attach(Devices.request("tapbusy", namespace.reference))
      let error = failure { () throws(PortError) in
        _ = try TapDevice.attach(Devices.request("tapbusy", namespace.reference))
      }
      guard case .inUse(let message, let fix)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(message.contains("process \(getpid())"), "\(message)")
      #expect(fix != nil)
      #expect(first.link()?.isUp == true)
      first.close(removing: true)
    }

    @Test func takenByAnotherKind() throws {
      let namespace = try TestNamespace()
      try namespace.ip("link add veth0 type veth peer name veth1")
      try namespace.ip("tuntap add dev tun0 mode tun")
      try namespace.ip("link property add dev veth0 altname other0")
      let cases = [
        ("veth0", "is a veth interface"), ("tun0", "is a TUN device"), ("other0", "another name of veth0"),
      ]
      for (name, words) in cases {
        let error = failure { () throws(PortError) in
          _ = try TapDevice.attach(Devices.request(name, namespace.reference))
        }
        guard case .invalid(let message, _)? = error else {
          Issue.record("\(name): \(String(describing: error))")
          continue
        }
        #expect(message.contains(words), "\(message)")
      }
    }

    /// What the kernel refuses is told in its own words, and the device made for it is gone again.
    @Test func refusedSettingsLeaveNothingBehind() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.routes = [InterfaceRoute("10.1.0.0/16@192.0.2.1")].compactMap(\.self)
      guard case .invalid(let message, _)? = failure({ () throws(PortError) in _ = try TapDevice.attach(request) })
      else {
        Issue.record("accepted")
        return
      }
      #expect(message.contains("route 10.1.0.0/16@192.0.2.1") && message.contains("gateway"), "\(message)")
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap0") }
    }

    @Test func routeOfAnotherDeviceIsNotTaken() throws {
      let namespace = try TestNamespace()
      try namespace.ip("link add veth0 type veth peer name veth1")
      try namespace.ip("link set veth0 up")
      try namespace.ip("route add 10.1.0.0/16 dev veth0")
      var request = Devices.request("tap0", namespace.reference)
      request.routes = [InterfaceRoute("10.1.0.0/16")].compactMap(\.self)
      guard case .invalid(let message, _)? = failure({ () throws(PortError) in _ = try TapDevice.attach(request) })
      else {
        Issue.record("accepted")
        return
      }
      #expect(message.contains("through another device"), "\(message)")
    }

    @Test func liveChanges() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: true) }
      try device.setMTU(4000)
      try device.setQueueLength(77)
      #expect(device.link()?.mtu == 4000 && device.link()?.queueLength == 77)
      let one = ["10.9.0.1/24", "10.9.0.2/24", "fd00:9::1/64"].compactMap { InterfaceAddress($0) }
      try device.setAddresses(old: [], new: one)
      // Without the first of its subnet the kernel drops the second too; it must be there again.
      let two = ["10.9.0.2/24", "fd00:9::2/64"].compactMap { InterfaceAddress($0) }
      try device.setAddresses(old: one, new: two)
      var text = try namespace.ip("-o address show dev tap0")
      #expect(text.contains("10.9.0.2/24") && text.contains("fd00:9::2/64"))
      #expect(!text.contains("10.9.0.1/24") && !text.contains("fd00:9::1/64"))
      let routes = ["10.20.0.0/16@10.9.0.9", "fd00:20::/64"].compactMap { InterfaceRoute($0) }
      try device.setRoutes(old: [], new: routes)
      try device.setRoutes(old: routes, new: [routes[1]])
      text = try namespace.ip("route show") + namespace.ip("-6 route show")
      #expect(!text.contains("10.20.0.0/16") && text.contains("fd00:20::/64"))
      try device.setCarrier(false)
      #expect(try namespace.ip("link show tap0").contains("NO-CARRIER"))
      try device.setCarrier(true)
      #expect(try !namespace.ip("link show tap0").contains("NO-CARRIER"))
      guard case .invalid? = failure({ () throws(PortError) in try device.setMTU(70000) }) else {
        Issue.record("mtu 70000 accepted")
        return
      }
    }

    /// With our address the kernel drops all others of its subnet; those of somebody else come back.
    @Test func addressesOfTheUserStay() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: true) }
      let ours = ["10.9.0.1/24", "10.9.1.1/24"].compactMap { InterfaceAddress($0) }
      try device.setAddresses(old: [], new: ours)
      try namespace.ip("address add 10.9.0.7/24 dev tap0")
      try device.setAddresses(old: ours, new: [ours[1]])
      let text = try namespace.ip("-o address show dev tap0")
      #expect(text.contains("10.9.0.7/24") && text.contains("10.9.1.1/24") && !text.contains("10.9.0.1/24"))
    }

    /// Who rules a namespace may rename the device to nearly anything; messages and commands stay harmless.
    @Test func hostileNames() throws {
      let namespace = try TestNamespace()
      try namespace.ip("tuntap add dev tap0 mode tap")
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: false) }
      let name = "a;'\u{1B}[2J`b"
      try Command.run("ip", "-n", namespace.name, "link", "set", "tap0", "down")
      try Command.run("ip", "-n", namespace.name, "link", "set", "tap0", "name", name)
      #expect(device.link()?.name == name)
      let error = try #require(failure { () throws(PortError) in try device.setMTU(9000) })
      #expect(error.description.utf8.allSatisfy { $0 >= 0x20 }, "\(error)")
      #expect(error.message.hasPrefix(#"a;'\u{1B}[2J`b in network namespace"#), "\(error)")
      #expect(error.fix?.hasSuffix(#"link set dev 'a;'\''\u{1B}[2J`b' mtu 9000"#) == true, "\(error)")
    }

    /// K2: a device that is down refuses frames and is heard of; up again it works by itself.
    @Test func K2_linkDown() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: true) }
      try namespace.ip("link set tap0 down")
      #expect(device.link()?.isUp == false)
      #expect(Devices.write(device) == -Int(EIO))
      while Devices.read(device) > 0 {}
      #expect(Devices.read(device) == -Int(EAGAIN))
      #expect(Devices.poll(device) == 0)
      try namespace.ip("link set tap0 up")
      #expect(device.link()?.isUp == true)
      #expect(Devices.write(device) == Devices.frame.count)
    }

    /// K2: tracked by what it is, not by its name, which another device may take.
    @Test func K2_renamedAndNameTaken() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: true) }
      try namespace.ip("link set tap0 name other")
      try namespace.ip("link add tap0 type veth peer name veth1")
      let link = try #require(device.link())
      #expect(link.name == "other" && link.index == device.index)
      #expect(Devices.write(device) == Devices.frame.count)
      try device.setMTU(2000)
      #expect(device.link()?.mtu == 2000)
    }

    /// K1: deleted underneath.
    @Test func K1_deleted() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      try namespace.ip("link del tap0")
      #expect(Devices.poll(device) & Int16(POLLERR) != 0)
      #expect(Devices.read(device) == -Int(EBADFD) && Devices.write(device) == -Int(EBADFD))
      #expect(device.link() == nil && device.kernelDrops() == nil && device.currentNamespace() == nil)
      guard case .absent? = failure({ () throws(PortError) in try device.setMTU(2000) }) else {
        Issue.record("a device that is gone was changed")
        return
      }
      device.close(removing: true)
      device.close(removing: true)
      let again = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      #expect(again.created)
      again.close(removing: true)
    }

    /// K1: moved by its user, a usual way to hand a device to a namespace; it goes on working there.
    @Test func K1_moved() throws {
      let name = Machine.unique("lx")
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request(name))
      defer { device.close(removing: true) }
      try Devices.ip("link set \(name) netns \(namespace.name)")
      let there = try NamespaceHandle(opening: namespace.reference).id
      #expect(device.currentNamespace() == there)
      let link = try #require(device.link())
      #expect(!link.isUp && link.namespace == there && link.name == name)
      #expect(Devices.write(device) == -Int(EIO))
      try namespace.ip("link set \(name) name eth0 up")
      #expect(device.link()?.isUp == true && device.link()?.name == "eth0")
      #expect(Devices.write(device) == Devices.frame.count)
      try device.setMTU(3000)
      try device.setAddresses(old: [], new: [InterfaceAddress("10.9.0.1/24")].compactMap(\.self))
      #expect(device.link()?.mtu == 3000)
      #expect(try namespace.ip("-o address show dev eth0").contains("10.9.0.1/24"))
      let drops = try #require(device.kernelDrops())
      while Devices.read(device) > 0 {}
      try device.setQueueLength(16)
      try Devices.sendFrames(100, device: "eth0", namespace: namespace.name)
      #expect(try #require(device.kernelDrops()) >= drops + 84)
    }

    @Test func kernelDropsHereAndElsewhere() throws {
      let namespace = try TestNamespace()
      let name = Machine.unique("lx")
      for (place, where_) in [(NamespaceReference.current, nil), (namespace.reference, namespace.name as String?)] {
        var request = Devices.request(name, place)
        request.queueLength = 32
        let device = try TapDevice.attach(request)
        defer { device.close(removing: true) }
        let before = try #require(device.kernelDrops())
        try Devices.sendFrames(200, device: name, namespace: where_)
        let lost = try #require(device.kernelDrops()) - before
        // 32 fit, and the stack itself has said a word or two.
        #expect((168...190).contains(lost), "\(lost)")
        let time = Devices.seconds { for _ in 0..<1000 { _ = device.kernelDrops() } }
        print("kernelDrops: \(time * 1000) us a call")
      }
    }

    @Test func K1_namespaceDiesAfterClose() throws {
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      // Watched from outside: a veth whose peer dies with the namespace.
      let peer = Machine.unique("lv")
      try Devices.ip("link add \(peer) type veth peer name peer0 netns \(namespace.name)")
      try Command.run("ip", "netns", "del", namespace.name)
      usleep(50_000)
      // Still there: our descriptor keeps it.
      #expect(try Devices.ip("link show \(peer)").contains(peer))
      #expect(device.link() != nil)
      device.close(removing: false)
      #expect(Devices.soon(5) { (try? Devices.ip("link show \(peer)")) == nil })
      try Command.run("ip", "netns", "add", namespace.name)
      let again = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      #expect(again.created)
      again.close(removing: true)
    }

    @Test func noDescriptorLeaks() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.addresses = [InterfaceAddress("10.9.0.1/24")].compactMap(\.self)
      request.persist = true
      try TapDevice.attach(request).close(removing: false)
      let before = Machine.openDescriptors
      for _ in 0..<200 {
        let device = try TapDevice.attach(request)
        _ = device.link()
        _ = device.kernelDrops()
        device.close(removing: false)
      }
      var wrong = request
      wrong.routes = [InterfaceRoute("10.1.0.0/16@192.0.2.1")].compactMap(\.self)
      for _ in 0..<50 { _ = failure { () throws(PortError) in _ = try TapDevice.attach(wrong) } }
      for _ in 0..<50 { do { _ = try TapDevice.attach(request) } }  // dropped without close
      // Other tests run beside this one and have files open; a leak would show three hundredfold.
      #expect(Machine.openDescriptors < before + 50)
    }
  }
}

/// A look at a link without a device.
enum NetlinkSessionForTests {
  static func link(_ name: String, _ reference: NamespaceReference) throws -> LinkState? {
    let handle = try NamespaceHandle(opening: reference)
    let socket = try NetlinkSession.visit(handle, reference, tunPath: nil).socket
    return try NetlinkSession(owning: socket, namespace: handle.id).link(named: name)
  }
}
