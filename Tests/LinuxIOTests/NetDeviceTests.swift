// Existing interfaces as ports, on the real kernel: taken as they are, given back as they were (K1, K2, K3).

import Glibc
import Testing
import Wire

@testable import LinuxIO

extension Devices {
  struct NetDeviceTests {
    static func attach(_ name: String, mtu: Int? = nil, short: Bool = false) throws(PortError) -> NetDevice {
      try NetDevice.attach(NetRequest(name: name, mtu: mtu), short: short)
    }

    static func refusal(_ name: String, mtu: Int? = nil) -> PortError? {
      failure { () throws(PortError) in _ = try attach(name, mtu: mtu) }
    }

    @Test(arguments: [false, true])
    func takenAsItIs(short: Bool) throws {
      let cable = try Cable()
      let before = try Devices.ip("-d link show \(cable.near)")
      let device: any PortDevice = try NetDeviceTests.attach(cable.near, mtu: 1500, short: short)
      #expect(device.name == cable.near && !device.created && device.home == NamespaceID.current)
      #expect(device.io.form == (short ? .packetShort : .packet))
      #expect(device.offload == OffloadCapabilities(checksum: true, tso4: true, tso6: true, uso: !short))
      let link = try #require(device.link())
      #expect(link.index == device.index && link.name == cable.near && link.isUp && link.mtu == 1500)
      #expect(link.kind == "veth" && link.hardwareType == 1 && link.master == nil)
      #expect(device.initial.index == link.index && device.initial.mac == link.mac)
      #expect(device.kernelDrops() == 0)
      #expect(device.concerns.isEmpty)
      let far = try PacketSocket(cable.far)
      let bytes = Sample.partialUDP(tags: Sample.tag(0x8100, 7))
      far.send(bytes)
      #expect(Devices.soon { Devices.pollIn(device.io.descriptor) })
      #expect(Landed(device.io, room: 70000).bytes == bytes)
      #expect(unsafe bytes.withUnsafeBytes { unsafe device.io.transmit($0) } >= 0)
      #expect(far.next()?.bytes == bytes)
      device.close(removing: true)
      device.close(removing: true)
      #expect(device.link() == nil && device.kernelDrops() == nil && device.concerns.isEmpty)
      // All that the kernel tells of it, our promiscuity included, is as before.
      #expect(try Devices.ip("-d link show \(cable.near)") == before)
    }

    @Test func K3_namesAndAbsence() throws {
      let name = Machine.unique("pz")
      #expect(NetDeviceTests.refusal(name) == .absent("interface \(name)"))
      #expect(NetDeviceTests.refusal(name)?.message == "interface \(name) does not exist")
      for bad in ["", "a/b", "..", "0123456789abcdef", "p%d", "a b", "a\n", "ä", "all"] {
        guard case .invalid? = NetDeviceTests.refusal(bad) else {
          Issue.record("\(bad)")
          continue
        }
      }
    }

    @Test func otherKindsAndOtherNames() throws {
      let cable = try Cable()
      let other = Machine.unique("po")
      try Devices.ip("link property add dev \(cable.near) altname \(other)")
      #expect(
        NetDeviceTests.refusal(other)
          == .invalid("\(other) is another name of \(cable.near)", fix: "attach it with netdev:\(cable.near)"))
      #expect(
        NetDeviceTests.refusal("lo") == .invalid("lo is no Ethernet interface", fix: "choose another interface"))
      let tun = Machine.unique("pt")
      try Devices.ip("tuntap add dev \(tun) mode tun")
      defer { _ = try? Devices.ip("link del \(tun)") }
      #expect(
        NetDeviceTests.refusal(tun)
          == .invalid("\(tun) is no Ethernet interface: it is a tun interface", fix: "choose another interface"))
    }

    @Test func mtuIsTheirs() throws {
      let cable = try Cable()
      let refusal = NetDeviceTests.refusal(cable.near, mtu: 9000)
      guard case .invalid(let message, let fix?)? = refusal else {
        Issue.record("\(String(describing: refusal))")
        return
      }
      #expect(message.hasPrefix("\(cable.near) has mtu 1500 where the port asks for 9000"))
      #expect(fix == "sudo ip link set dev \(cable.near) mtu 9000")
      let device = try NetDeviceTests.attach(cable.near)
      #expect(failure { () throws(PortError) in try device.setMTU(1500) } == nil)
      #expect(failure { () throws(PortError) in try device.setMTU(9000) } == refusal)
      for wrong in [67, 65522, -1] {
        let expected = PortError.invalid("mtu \(wrong) of \(cable.near) is outside 68 to 65521", fix: nil)
        #expect(NetDeviceTests.refusal(cable.near, mtu: wrong) == expected)
        #expect(failure { () throws(PortError) in try device.setMTU(wrong) } == expected)
      }
      try Devices.ip("link set dev \(cable.near) mtu 9000")
      #expect(failure { () throws(PortError) in try device.setMTU(9000) } == nil)
      #expect(device.link()?.mtu == 9000)
      device.close(removing: false)
      #expect(
        failure { () throws(PortError) in try device.setMTU(1500) } == .absent("interface \(cable.near)"))
    }

    /// The carrier of somebody else's interface is not ours to take away.
    @Test func carrierIsTheirs() throws {
      let cable = try Cable()
      let device = try NetDeviceTests.attach(cable.near)
      try device.setCarrier(false)
      #expect(try Devices.ip("link show \(cable.near)").contains("LOWER_UP"))
      device.close(removing: false)
    }

    /// Each reason, and that the command told ends it.
    @Test(arguments: ["", ".7"])
    func concerns(suffix: String) throws {
      let cable = try Cable(suffix: suffix)
      let name = cable.near
      let device = try NetDeviceTests.attach(name)
      defer { device.close(removing: false) }
      #expect(device.concerns.isEmpty)

      func expect(_ sentences: [String], _ comment: Comment? = nil) {
        #expect(device.concerns == sentences, comment)
      }
      func follow() throws {
        for concern in device.concerns {
          let command = try #require(concern.firstRange(of: "; fix: sudo ")).upperBound
          try Command.run("sh", "-c", "PATH=$PATH:/sbin:/usr/sbin; \(concern[command...])")
        }
        #expect(device.concerns.isEmpty)
      }

      try Devices.ip("address add 192.0.2.1/24 dev \(name)")
      expect([
        "this host uses \(name) too: it has the address 192.0.2.1/24 there; fix: sudo ip address flush dev \(name)"
      ])
      try Devices.ip("address add 192.0.2.2/32 dev \(name)")
      try Devices.ip("address add 192.0.2.3/24 dev \(name)")
      expect([
        "this host uses \(name) too: it has the addresses 192.0.2.1/24, 192.0.2.2/32 and 192.0.2.3/24 there; "
          + "fix: sudo ip address flush dev \(name)"
      ])
      try follow()

      if SmallFiles.exists("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6") {
        try Command.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/\(name)/disable_ipv6")
        let key = suffix.isEmpty ? name : name.dropLast(2) + "/7"
        let sentence =
          "this host uses \(name) too: IPv6 configures itself there; "
          + "fix: sudo sysctl -w net.ipv6.conf.\(key).disable_ipv6=1"
        // Its link-local address alone is no reason of its own, another one is.
        #expect(Devices.soon(3) { (try? Devices.ip("address show dev \(name)").contains("fe80::")) == true })
        expect([sentence])
        try Devices.ip("address add 2001:db8::1/64 dev \(name) nodad")
        expect([
          "this host uses \(name) too: it has the address 2001:db8::1/64 there; fix: sudo ip address flush dev \(name)",
          sentence,
        ])
        try follow()
      }

      let bridge = Machine.unique("pb")
      try Devices.ip("link add \(bridge) type bridge")
      defer { _ = try? Devices.ip("link del \(bridge)") }
      try Devices.ip("link set \(name) master \(bridge)")
      expect([
        "\(name) is part of bridge \(bridge), which takes its frames too; fix: sudo ip link set dev \(name) nomaster"
      ])
      try follow()
    }

    /// K2: renamed it is still the same; who asked by name sees it in `link`.
    @Test func K2_renamedDownAndUp() throws {
      let cable = try Cable()
      let device = try NetDeviceTests.attach(cable.near)
      try Devices.ip("link set \(cable.near) down")
      #expect(device.link()?.isUp == false)
      let other = Machine.unique("pr")
      try Devices.ip("link set \(cable.near) name \(other) up")
      #expect(device.link()?.name == other && device.link()?.isUp == true && device.name == cable.near)
      #expect(NetDeviceTests.refusal(cable.near) == .absent("interface \(cable.near)"))
      try Devices.ip("link set \(other) name \(cable.near)")
      #expect(device.link()?.name == cable.near)
      device.close(removing: false)
    }

    /// Off, nothing comes in; what waited, and what came meanwhile, does not come in when it is on again.
    @Test func offAndOn() throws {
      let cable = try Cable()
      let device = try NetDeviceTests.attach(cable.near)
      let sender = try PacketSocket(cable.far)
      try device.setCarrier(true)
      sender.send(Sample.gsoTCP())
      #expect(Devices.soon { Devices.pollIn(device.io.descriptor) })
      try device.setCarrier(false)
      sender.send(Sample.gsoTCP())
      usleep(50_000)
      #expect(!Devices.pollIn(device.io.descriptor))
      try device.setCarrier(true)
      #expect(!Devices.pollIn(device.io.descriptor))
      sender.send(Sample.gsoTCP())
      #expect(Devices.soon { Devices.pollIn(device.io.descriptor) })
      #expect(device.kernelDrops() == 0)
      device.close(removing: false)
      #expect(throws: PortError.self) { try device.setCarrier(false) }
    }

    /// An interface that is down is attached, and is not brought up: its owner decides.
    @Test func downStaysDown() throws {
      let cable = try Cable()
      try Devices.ip("link set \(cable.near) down")
      let device = try NetDeviceTests.attach(cable.near)
      #expect(!device.initial.isUp && device.link()?.isUp == false)
      try Devices.ip("link set \(cable.near) up")
      #expect(device.link()?.isUp == true)
      device.close(removing: false)
    }

    /// K1: another one of that name, or back with its old number, is not this attachment's.
    @Test func K1_goneIsGone() throws {
      let namespace = try TestNamespace()
      let cable = try Cable()
      let device = try NetDeviceTests.attach(cable.near)
      try Devices.ip("link set \(cable.near) netns \(namespace.name)")
      #expect(device.link() == nil && device.concerns.isEmpty)
      #expect(device.kernelDrops() == 0)
      try namespace.ip("link set \(cable.near) netns \(getpid())")
      #expect(device.link() == nil)
      let again = try NetDeviceTests.attach(cable.near)
      #expect(again.link() != nil)
      try Devices.ip("link del \(cable.near)")
      #expect(again.link() == nil)
      try Devices.ip("link add \(cable.near) index \(again.index) type veth peer name \(cable.far)")
      #expect(try Devices.ip("-o link show \(cable.near)").hasPrefix("\(again.index): "))
      #expect(again.link() == nil)
      #expect(failure { () throws(PortError) in try again.setMTU(1500) } == .absent("interface \(cable.near)"))
      device.close(removing: false)
      again.close(removing: false)
    }

    /// The kernel forgets what it told; the port must not.
    @Test func kernelDropsAddUp() throws {
      let cable = try Cable()
      let device = try NetDeviceTests.attach(cable.near)
      let far = try PacketSocket(cable.far)
      var last: UInt64 = 0
      for _ in 0..<3 {
        let bytes = Sample.gsoTCP()
        for _ in 0..<1000 { far.send(bytes) }
        #expect(Devices.soon { device.kernelDrops().map { $0 > last } == true })
        usleep(20_000)
        let lost = try #require(device.kernelDrops())
        #expect(lost > last && device.kernelDrops() == lost)
        last = lost
      }
      var received: UInt64 = 0
      while Landed(device.io, room: 70000).count > 0 { received += 1 }
      #expect(received > 50 && last > 2000 && received + last <= 3000, "\(received) received, \(last) lost")
      print("room of a packet socket: \(received) frames of 64 KiB")
      device.close(removing: false)
    }

    /// A VM's TAP: what its hypervisor writes comes in here, what is sent here it reads, segments whole.
    @Test func tapOfAnother() throws {
      let name = Machine.unique("pt")
      let hypervisor = try TapDevice.attach(Devices.request(name))
      defer { hypervisor.close(removing: true) }
      let device = try NetDeviceTests.attach(name)
      defer { device.close(removing: false) }
      while Landed(device.io, room: 70000).count > 0 {}
      let tag = Sample.tag(0x8100, 9)
      for bytes in [
        Sample.header() + Sample.plain(), Sample.partialUDP(), Sample.partialUDP(tags: tag), Sample.gsoTCP(),
        Sample.gsoTCP(tags: tag),
      ] {
        for (from, to) in [(device.io, hypervisor.io), (hypervisor.io, device.io)] {
          #expect(unsafe bytes.withUnsafeBytes { unsafe from.transmit($0) } == bytes.count)
          // The host's own IPv6 may be in between.
          var landed: Landed?
          #expect(
            Devices.soon {
              let found = Landed(to, room: 70000)
              if found.frame.starts(with: Sample.addresses) { landed = found }
              return landed != nil
            })
          #expect(landed?.frame == Array(bytes[12...]))
          #expect(landed?.header?.gsoType == bytes[1])
          #expect(landed.map { $0.bytes[0] & 1 } == bytes[0] & 1)
        }
      }
    }

    @Test func nothingIsKept() throws {
      let cable = try Cable()
      let own = NamespaceID.current
      let before = Machine.openDescriptors
      for _ in 0..<30 {
        let device = try NetDeviceTests.attach(cable.near)
        #expect(device.home == own)
        device.close(removing: false)
      }
      for _ in 0..<30 { _ = try NetDeviceTests.attach(cable.near) }  // dropped without close
      for _ in 0..<30 { _ = NetDeviceTests.refusal(cable.near, mtu: 9000) }
      #expect(Machine.openDescriptors < before + 20)
    }

    /// A namespace that only the device held is gone with `close`, and its interfaces with it.
    @Test func namespaceIsNotKept() async throws {
      let (near, far, pid) = (Machine.unique("pn"), Machine.unique("pf"), String(getpid()))
      defer { _ = try? Devices.ip("link del \(far)") }
      await #expect(processExitsWith: .success) { [near = near as String, far = far as String, pid = pid as String] in
        let home = try NamespaceHandle(opening: .current)
        #expect(Thread.call("unshare", 0x4000_0000 /* CLONE_NEWNET */) == 0)
        try Devices.ip("link add \(near) type veth peer name \(far)")
        try Devices.ip("link set \(near) up")
        try Devices.ip("link set \(far) netns \(pid)")
        let device = try NetDeviceTests.attach(near)
        #expect(device.home != home.id)
        #expect(Thread.call("setns", home.descriptor.number) == 0)
        usleep(100_000)
        #expect(device.link()?.isUp == true)
        #expect(try Devices.ip("link show \(far)").contains(far))
        device.close(removing: false)
        #expect(Devices.soon(5) { (try? Devices.ip("link show \(far)")) == nil })
      }
    }
  }
}
