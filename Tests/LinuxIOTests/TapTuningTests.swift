// NAPI, its threads and receive packet steering on the real kernel: set, found again, changed, put back.

import Glibc
import Testing
import Wire

@testable import LinuxIO

extension TestNamespace {
  /// A file below /sys/class/net/DEVICE, as `ip netns exec` shows it.
  func file(_ name: String, of device: String = "tap0") throws -> String {
    try Command.run("ip", "netns", "exec", self.name, "cat", "/sys/class/net/\(device)/\(name)")
      .split(separator: "\n").joined(separator: " ")
  }
  func write(_ text: String, to name: String, of device: String = "tap0") throws {
    try Command.run("ip", "netns", "exec", self.name, "sh", "-c", "echo \(text) > /sys/class/net/\(device)/\(name)")
  }

  /// IFF_NAPI is among the flags of the device.
  func hasNAPI(_ device: String = "tap0") throws -> Bool {
    let flags = try file("tun_flags", of: device)
    return try #require(UInt32(flags.dropFirst(2), radix: 16)) & 0x10 != 0
  }
  func steering(_ queue: Int = 0) throws -> String { try file("queues/rx-\(queue)/rps_cpus") }
}

extension Devices {
  /// Two CPUs, or the only one.
  static let cpus: [Int] = Array((Processors.online?.numbers ?? [0]).prefix(2))
  static let mask = CPUList(cpus)?.mask ?? ""

  /// Threads of the kernel with this name, of which kernels before 5.17 show 15 bytes.
  static func threads(_ name: String) -> Int {
    SmallFiles.names(in: "/proc").filter { process in
      guard let shown = SmallFiles.text("/proc/\(process)/comm")?.dropLast() else { return false }
      return shown == name || shown.count == 15 && name.hasPrefix(shown)
    }.count
  }

  struct TapTuningTests {
    private static func expectFrames(
      _ device: TapDevice, _ namespace: TestNamespace, _ tap: String = "tap0"
    ) throws {
      let file = "statistics/rx_packets"
      let before = Int(try namespace.file(file, of: tap)) ?? 0
      for _ in 0..<100 { #expect(Devices.write(device) == Devices.frame.count) }
      #expect(Devices.soon { (try? namespace.file(file, of: tap)) == "\(before + 100)" })
    }

    @Test(arguments: TapNAPI.allCases) func napi(_ mode: TapNAPI) throws {
      let namespace = try TestNamespace()
      let name = Machine.unique("n")
      var request = Devices.request(name, namespace.reference)
      request.napi = mode
      let device = try TapDevice.attach(request)
      try namespace.ip("link set \(name) name tap0")
      #expect(try namespace.hasNAPI() == (mode != .off))
      #expect(try namespace.file("threaded") == (mode == .threaded ? "1" : "0"))
      #expect(Devices.threads("napi/\(name)-0") == (mode == .threaded ? 1 : 0))
      #expect(device.offload.checksum && device.offload.tso4)
      try TapTuningTests.expectFrames(device, namespace)
      // K1, K2 hold in every mode: down, up again, deleted.
      try namespace.ip("link set tap0 down")
      #expect(Devices.write(device) == -Int(EIO))
      try namespace.ip("link set tap0 up")
      #expect(Devices.write(device) == Devices.frame.count)
      try namespace.ip("link del tap0")
      #expect(Devices.write(device) == -Int(EBADFD) && Devices.poll(device) & Int16(POLLERR) != 0)
      device.close(removing: true)
      #expect(Devices.soon { Devices.threads("napi/\(name)-0") == 0 })
    }

    /// Each attachment has the NAPI it asked for, whatever the one before it had; also after a crash in between.
    @Test(arguments: TapNAPI.allCases, [true, false]) func napiOfTheRunBefore(_ mode: TapNAPI, crash: Bool) throws {
      let namespace = try TestNamespace()
      let tap = Machine.unique("n")
      for before in TapNAPI.allCases {
        var request = Devices.request(tap, namespace.reference)
        request.persist = true
        request.napi = before
        try TapDevice.attach(request).close(removing: true)
        // Nothing of ours stays: as somebody else would find it.
        #expect(try namespace.file("threaded", of: tap) == "0")
        if crash, before == .threaded { try TapTuningTests.leaveThreads(namespace, tap) }
        request.napi = mode
        let device = try TapDevice.attach(request)
        #expect(device.made && !device.created)
        #expect(try namespace.hasNAPI(tap) == (mode != .off))
        let threads = try namespace.file("threaded", of: tap)
        switch mode {
        // The kernel takes no word about threads where there is no NAPI. They begin with the next that has NAPI, where
        // they are set as that asks.
        case .off: #expect(threads == (crash && before == .threaded ? "1" : "0"))
        case .on: #expect(threads == "0")
        case .threaded: #expect(threads == "1")
        }
        #expect(Devices.threads("napi/\(tap)-0") == 0 || mode == .threaded)
        try TapTuningTests.expectFrames(device, namespace, tap)
        device.close(removing: false)
        if crash, mode == .off, before == .threaded {
          request.napi = .on
          let again = try TapDevice.attach(request)
          #expect(try namespace.file("threaded", of: tap) == "0")
          again.close(removing: true)
        }
        #expect(try namespace.file("threaded", of: tap) == "0")
      }
    }

    /// As a run that was killed leaves it.
    private static func leaveThreads(_ namespace: TestNamespace, _ tap: String) throws {
      var request = Devices.request(tap, namespace.reference)
      request.persist = true
      request.napi = .on
      let device = try TapDevice.attach(request)
      try namespace.write("1", to: "threaded", of: tap)
      device.close(removing: false)
      #expect(try namespace.file("threaded", of: tap) == "1")
    }

    @Test func steeringFromTheStartAndLive() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.rpsCPUs = Devices.cpus
      let device = try TapDevice.attach(request)
      defer { device.close(removing: true) }
      #expect(try namespace.steering() == Devices.mask)
      try TapTuningTests.expectFrames(device, namespace)
      try device.setRPS(old: Devices.cpus, new: [Devices.cpus[0]])
      #expect(try namespace.steering() == "1")
      // Twice the same CPU, in any order.
      try device.setRPS(old: [0], new: Devices.cpus.reversed() + Devices.cpus)
      #expect(try namespace.steering() == Devices.mask)
      try device.setRPS(old: Devices.cpus, new: [])
      #expect(try namespace.steering() == "0")
      try device.setRPS(old: [], new: [0])
      #expect(try namespace.steering() == "1")
      // Renamed by its user.
      try namespace.ip("link set tap0 name other")
      try device.setRPS(old: [0], new: [])
      #expect(try namespace.file("queues/rx-0/rps_cpus", of: "other") == "0")
    }

    /// Without the setting the device is left alone, whoever made it.
    @Test func steeringOfTheUserStays() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.persist = true
      let first = try TapDevice.attach(request)
      try namespace.write("1", to: "queues/rx-0/rps_cpus")
      try first.setRPS(old: [], new: [])
      first.close(removing: true)
      let second = try TapDevice.attach(request)
      #expect(try namespace.steering() == "1")
      second.close(removing: true)
      #expect(try namespace.steering() == "1")
    }

    /// Found with what an earlier run was to put back, which was killed.
    @Test func steeringOfAKilledRun() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      let first = try TapDevice.attach(request)
      try namespace.write(Devices.mask, to: "queues/rx-0/rps_cpus")
      first.close(removing: false)
      request.rpsCPUs = Devices.cpus
      let second = try TapDevice.attach(request)
      #expect(second.made && !second.created)
      #expect(try namespace.steering() == Devices.mask)
      try second.setRPS(old: Devices.cpus, new: [])
      #expect(try namespace.steering() == "0")
      second.close(removing: true)
    }

    @Test func ofSomebodyElsePutBack() throws {
      let namespace = try TestNamespace()
      try namespace.ip("tuntap add dev tap0 mode tap")
      try namespace.write("1", to: "queues/rx-0/rps_cpus")
      var request = Devices.request("tap0", namespace.reference)
      request.napi = .threaded
      request.rpsCPUs = Devices.cpus
      let device = try TapDevice.attach(request)
      #expect(!device.made)
      #expect(try namespace.file("threaded") == "1")
      #expect(try namespace.steering() == Devices.mask)
      TapDevice.closeAll([device])
      #expect(try namespace.file("threaded") == "0")
      #expect(try namespace.steering() == "1")
      // Dropped without a word.
      do { _ = try TapDevice.attach(request) }
      #expect(try namespace.file("threaded") == "0" && namespace.steering() == "1")
      // A set-up that fails leaves nothing.
      request.rpsCPUs = Devices.cpus
      request.routes = [InterfaceRoute("10.1.0.0/16@192.0.2.1")].compactMap(\.self)
      #expect(failure { () throws(PortError) in _ = try TapDevice.attach(request) } != nil)
      #expect(try namespace.file("threaded") == "0" && namespace.steering() == "1")
      // What its owner has changed since is the owner's.
      request.routes = []
      let again = try TapDevice.attach(request)
      try namespace.write("0", to: "queues/rx-0/rps_cpus")
      again.close(removing: false)
      #expect(try namespace.steering() == "0")
    }

    @Test func everyQueue() throws {
      let namespace = try TestNamespace()
      try namespace.ip("tuntap add dev tap0 mode tap multi_queue")
      let first = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      var request = Devices.request("tap0", namespace.reference)
      request.rpsCPUs = [0]
      request.napi = .on
      let second = try TapDevice.attach(request)
      #expect(try namespace.steering(0) == "1" && namespace.steering(1) == "1")
      // A queue that is gone has nothing to be put back.
      first.close(removing: false)
      try second.setRPS(old: [0], new: [])
      #expect(try namespace.steering(0) == "0")
      second.close(removing: false)
    }

    @Test func inTheOwnNamespaceAndMoved() throws {
      let name = Machine.unique("lr")
      var request = Devices.request(name)
      request.rpsCPUs = Devices.cpus
      request.napi = .threaded
      let device = try TapDevice.attach(request)
      defer { device.close(removing: true) }
      let directory = "/sys/class/net/\(name)"
      #expect(SmallFiles.text("\(directory)/queues/rx-0/rps_cpus") == Devices.mask + "\n")
      #expect(SmallFiles.text("\(directory)/threaded") == "1\n")
      let namespace = try TestNamespace()
      try Devices.ip("link set \(name) netns \(namespace.name)")
      try namespace.ip("link set \(name) up")
      // A device of that name in the place it left is not taken for it.
      try Devices.ip("tuntap add dev \(name) mode tap")
      defer { _ = try? Devices.ip("link del \(name)") }
      try device.setRPS(old: Devices.cpus, new: [0])
      #expect(try namespace.file("queues/rx-0/rps_cpus", of: name) == "1")
      #expect(SmallFiles.text("\(directory)/queues/rx-0/rps_cpus") == "0\n")
      #expect(Devices.write(device) == Devices.frame.count)
    }

    /// The sysfs of another namespace is not held.
    @Test func namespaceDiesAfterClose() throws {
      let namespace = try TestNamespace()
      let peer = Machine.unique("lv")
      try Devices.ip("link add \(peer) type veth peer name peer0 netns \(namespace.name)")
      var request = Devices.request("tap0", namespace.reference)
      request.rpsCPUs = [0]
      request.napi = .threaded
      let device = try TapDevice.attach(request)
      try Command.run("ip", "netns", "del", namespace.name)
      device.close(removing: false)
      #expect(Devices.soon(5) { (try? Devices.ip("link show \(peer)")) == nil })
      try Command.run("ip", "netns", "add", namespace.name)
    }

    @Test func gone() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.rpsCPUs = [0]
      let device = try TapDevice.attach(request)
      try namespace.ip("link del tap0")
      let absent = PortError.absent("device tap0 in network namespace \(namespace.name)")
      #expect(failure { () throws(PortError) in try device.setRPS(old: [0], new: []) } == absent)
      #expect(failure { () throws(PortError) in try device.setRPS(old: [0], new: Devices.cpus) } == absent)
      device.close(removing: false)
      #expect(failure { () throws(PortError) in try device.setRPS(old: [], new: [0]) } == absent)
    }

    @Test func noSuchCPU() throws {
      let online = try #require(Processors.online)
      let missing = try #require(online.numbers.last) + 1
      let expected = PortError.invalid(
        "rps_cpus of lxnever: this machine has no CPU \(missing) that is on; there are \(online.list)", fix: nil)
      var request = Devices.request("lxnever")
      for cpus in [[missing], [0, missing], [missing, 8191, 100_000]] {
        request.rpsCPUs = cpus
        #expect(failure { () throws(PortError) in _ = try TapDevice.attach(request) } == expected)
      }
      request.rpsCPUs = [-1]
      guard case .invalid? = failure({ () throws(PortError) in _ = try TapDevice.attach(request) }) else {
        Issue.record("CPU -1 was accepted")
        return
      }
      #expect(throws: CommandFailure.self) { try Devices.ip("link show lxnever") }
      let namespace = try TestNamespace()
      let device = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      defer { device.close(removing: true) }
      let live = failure { () throws(PortError) in try device.setRPS(old: [], new: [missing]) }
      #expect(live?.message.contains("no CPU \(missing)") == true)
      #expect(try namespace.steering() == "0")
    }

    /// What cannot be had here is told as clearly: old kernels, filters of system calls, /sys read-only.
    @Test(arguments: [
      ("open", ENOENT, "napi=threaded of tap0 in network namespace web: the kernel has no threaded NAPI", ""),
      ("fsopen", ENOSYS, "since Linux 5.2", "sudo ip netns exec web sh -c 'echo 1 | tee /sys/class/net/tap0/threaded'"),
      ("fsopen", EPERM, "may not be mounted", "SystemCallFilter=fsopen fsconfig fsmount"),
      ("open", EROFS, "/sys is mounted read-only", "start with napi=on, then: sudo ip netns exec web "),
      ("write", EPERM, "needs CAP_NET_ADMIN", "setcap cap_net_admin,cap_dac_override+ep"),
      ("write", EOPNOTSUPP, "not supported", ""),
      ("fsopen", ENODEV, "device tap0 in network namespace web does not exist", ""),
    ])
    func refusals(_ operation: String, _ code: Int32, _ message: String, _ fix: String) {
      let error = PortError.untuned(
        SystemError(operation, code: code), .threaded(true), Devices.request("tap0", .named("web")))
      #expect(error.message.contains(message), "\(error)")
      #expect(fix.isEmpty ? error.fix == nil : error.fix?.contains(fix) == true, "\(error)")
    }

    @Test func refusedSteering() throws {
      let setting = TuningSetting.steering(try #require(CPUList([0, 2])))
      var request = Devices.request("tap0", .path("/run/x"))
      let isolated = PortError.untuned(SystemError("write", code: EINVAL), setting, request)
      #expect(isolated.message.hasPrefix("rps_cpus=0+2 of tap0 in network namespace /run/x: the kernel does not steer"))
      let closed = PortError.untuned(SystemError("open", code: EACCES), setting, request)
      #expect(
        closed.fix?.hasPrefix(
          "sudo nsenter --net=/run/x unshare -m sh -c 'mount -t sysfs sysfs /sys && "
            + "echo 5 | tee /sys/class/net/tap0/queues/rx-*/rps_cpus'; or: ") == true, "\(closed)")
      request.napi = .on
      #expect(PortError.withoutNAPI(request).message.contains("since Linux 4.15"))
      request.namespace = .current
      request.rpsCPUs = [2, 0]
      #expect(request.preparation.hasSuffix(" && echo 5 | sudo tee /sys/class/net/tap0/queues/rx-*/rps_cpus"))
    }

    @Test func noDescriptorLeaks() throws {
      let namespace = try TestNamespace()
      var request = Devices.request("tap0", namespace.reference)
      request.napi = .threaded
      request.persist = true
      let before = Machine.openDescriptors
      let time = try Devices.seconds {
        for round in 0..<50 {
          request.rpsCPUs = round % 2 == 0 ? [0] : []
          let device = try TapDevice.attach(request)
          try device.setRPS(old: request.rpsCPUs, new: Devices.cpus)
          device.close(removing: false)
        }
      }
      print("attached, steered, put back: \(time / 50 * 1000) ms a round")
      #expect(Machine.openDescriptors < before + 20)
    }
  }
}
