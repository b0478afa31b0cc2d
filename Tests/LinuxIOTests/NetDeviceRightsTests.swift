// What a port on an existing interface needs of rights: one, and what is told without it.

import CLinux
import Glibc
import Testing

@testable import LinuxIO

extension Devices {
  struct NetDeviceRightsTests {
    @Test func withoutTheRight() async throws {
      let cable = try Cable()
      await #expect(processExitsWith: .success) { [near = cable.near as String] in
        PermissionTests.giveUpRights()
        let error = NetDeviceTests.refusal(near)
        guard case .notPermitted(let message, let fix?)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(message == "taking the frames of \(near) needs CAP_NET_RAW, which this process lacks")
        #expect(fix.hasPrefix("sudo setcap cap_net_raw+ep /"), "\(fix)")
        // What is not there is said without any right.
        #expect(NetDeviceTests.refusal("pznone") == .absent("interface pznone"))
      }
    }

    /// The right that is named is all it takes; the room for bursts is then what everybody gets.
    @Test func withThatRightAlone() async throws {
      let cable = try Cable()
      await #expect(processExitsWith: .success) { [near = cable.near as String, far = cable.far as String] in
        #expect(Thread.keep(capability: 13 /* CAP_NET_RAW */))
        #expect(Privileges.current == Privileges(effective: 1 << 13))
        let device = try NetDeviceTests.attach(near, mtu: 1500)
        let sender = try PacketSocket(far)
        let bytes = Sample.gsoTCP()
        sender.send(bytes)
        #expect(Devices.soon { Devices.pollIn(device.io.descriptor) })
        #expect(Landed(device.io, room: 70000).frame == Array(bytes[12...]))
        #expect(device.link()?.isUp == true && device.kernelDrops() == 0)
        let limit = SmallFiles.text("/proc/sys/net/core/rmem_max").flatMap { Int($0.prefix { $0 != "\n" }) } ?? 0
        let shortage =
          "frames that come in on \(near) have room for \(limit / 1024) KiB only and may be lost in bursts; "
          + "fix: sudo sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608, then restart"
        #expect(device.concerns == (limit < 1 << 20 ? [shortage] : []))
        device.close(removing: false)
      }
    }
  }
}
