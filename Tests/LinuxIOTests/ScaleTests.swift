// A thousand devices: made quickly, and gone in one step.

import Glibc
import Testing

@testable import LinuxIO

extension Devices {
  struct ScaleTests {
    @Test func thousandDevices() throws {
      raiseFileLimit()
      let namespace = try TestNamespace()
      // Somebody else's device in the same group must survive.
      var requests: [TapRequest] = []
      let template = Devices.request("t0", namespace.reference)
      for number in 0..<1000 {
        var request = template
        request.name = "t\(number)"
        request.label = "tapswitch lab/t\(number)"
        requests.append(request)
      }
      let log = EventLog()
      let monitor = try LinkMonitor(log.handler)
      let watch = monitor.watch(namespace.reference)
      var devices: [TapDevice] = []
      let making = try Devices.seconds { for request in requests { devices.append(try TapDevice.attach(request)) } }
      #expect(log.hears { if case .linkChanged(let link) = $0 { link.name == "t999" && link.isUp } else { false } })
      #expect(!log.all.contains { if case .eventsLost = $0 { true } else { false } })
      #expect(devices.allSatisfy { $0.link()?.isUp == true })
      let asking = Devices.seconds { for device in devices { _ = device.kernelDrops() } }

      // A crash, then the next run finds them all.
      for device in devices { device.close(removing: false) }
      devices = []
      let finding = try Devices.seconds { for request in requests { devices.append(try TapDevice.attach(request)) } }
      #expect(devices.allSatisfy { $0.made && !$0.created })

      let removing = Devices.seconds { TapDevice.closeAll(devices) }
      print("1,000 TAPs: made in \(making) s, found again in \(finding) s, gone in \(removing) s")
      print("1,000 TAPs: drops read in \(asking) s")
      #expect(try namespace.ip("-br link show").split(separator: "\n").count <= 2)
      #expect(removing < 2)
      #expect(making < 5 && finding < 5)  // 0.6 s each on two quiet cores
      monitor.unwatch(watch)
      monitor.stop()
    }

    /// After a failed start: what was made goes, what an earlier run left stays as it was found.
    @Test func foundDevicesStay() throws {
      let namespace = try TestNamespace()
      let old = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      let found = old.request
      old.close(removing: false)
      var request = found
      let devices = try ["tap1", "tap2"].map { name in
        request.name = name
        return try TapDevice.attach(request)
      }
      TapDevice.closeAll(devices, others: false)
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap1") }
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap2") }
      #expect(try namespace.ip("link show tap0").contains("tap0"))
      // A graceful stop takes it too, whatever port it was.
      TapDevice.closeAll([try TapDevice.attach(request)])
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap0") }
    }

    /// A group is only a number: what does not bear our mark stays.
    @Test func groupOfSomebodyElse() throws {
      let namespace = try TestNamespace()
      let one = try TapDevice.attach(Devices.request("tap0", namespace.reference))
      let request = one.request
      one.close(removing: false)
      try namespace.ip("tuntap add dev theirs mode tap")
      try namespace.ip("link set theirs group \(request.group)")
      try removeDevices(group: request.group, label: request.label, in: [namespace.reference])
      #expect(throws: CommandFailure.self) { try namespace.ip("link show tap0") }
      #expect(try namespace.ip("link show theirs").contains("theirs"))
      try removeDevices(group: request.group, label: request.label, in: [namespace.reference])
    }
  }
}
