// Events of links and namespaces on the real kernel, each within a second.

import Glibc
import Synchronization
import Testing
import Wire

@testable import LinuxIO

/// Collects what the monitor tells.
final class EventLog: Sendable {
  private let events = Mutex<[LinkEvent]>([])

  var handler: @Sendable (LinkEvent) -> Void { { event in self.events.withLock { $0.append(event) } } }
  var all: [LinkEvent] { events.withLock { $0 } }
  func clear() { events.withLock { $0 = [] } }

  /// Whether such an event comes within a second.
  func hears(_ seconds: Double = 1, _ condition: (LinkEvent) -> Bool) -> Bool {
    Devices.soon(seconds) { all.contains(where: condition) }
  }

  func hearsChange(_ condition: (LinkState) -> Bool) -> Bool {
    hears { if case .linkChanged(let link) = $0 { condition(link) } else { false } }
  }
}

extension Devices {
  struct LinkMonitorTests {
    let log = EventLog()
    let monitor: LinkMonitor

    init() throws { monitor = try LinkMonitor(log.handler) }

    /// K2: down, up, renamed, another mtu; K1: deleted.
    @Test(arguments: [true, false])
    func K1_K2_linksOfANamespace(named: Bool) throws {
      let namespace = try TestNamespace()
      let name = Machine.unique("lx")
      let place = named ? namespace.reference : NamespaceReference.current
      let prefix = named ? "-n \(namespace.name) " : ""
      let watch = monitor.watch(place)
      #expect(watch.namespace != nil && watch.hearsLinks)
      let device = try TapDevice.attach(Devices.request(name, place))
      #expect(log.hearsChange { $0.name == name && $0.isUp && $0.index == device.index })
      #expect(log.hearsChange { $0.namespace == device.home })
      log.clear()
      try Devices.ip(prefix + "link set \(name) down")
      #expect(log.hearsChange { $0.index == device.index && !$0.isUp })
      log.clear()
      try Devices.ip(prefix + "link set \(name) name \(name)r up mtu 2000")
      #expect(log.hearsChange { $0.index == device.index && $0.isUp && $0.mtu == 2000 && $0.name == name + "r" })
      log.clear()
      try Devices.ip(prefix + "link del \(name)r")
      #expect(
        log.hears {
          if case .linkGone(let link, moved: false) = $0 { link.index == device.index } else { false }
        })
      device.close(removing: true)
      monitor.unwatch(watch)
      log.clear()
      try namespace.ip("link set lo up")
      let again = try TapDevice.attach(Devices.request(name, place))
      again.close(removing: true)
      usleep(50_000)
      #expect(log.all.isEmpty)
    }

    @Test func namespaceComesAndGoes() throws {
      let name = Machine.unique("ts")
      let watch = monitor.watch(.named(name))
      #expect(watch.namespace == nil && !watch.hearsLinks)
      for _ in 0..<5 {
        log.clear()
        try Command.run("ip", "netns", "add", name)
        #expect(
          log.hears { if case .namespaceAppeared(.named(name), _) = $0 { true } else { false } }, "\(log.all)")
        // Really there: it can be attached at once, and its links are heard.
        let device = try TapDevice.attach(Devices.request("tap0", .named(name)))
        #expect(log.hearsChange { $0.name == "tap0" && $0.namespace == device.home })
        let peer = Machine.unique("lv")
        try Devices.ip("link add \(peer) type veth peer name peer0 netns \(name)")
        try Command.run("ip", "netns", "del", name)
        #expect(log.hears { $0 == .namespaceGone(.named(name), device.home) }, "\(log.all)")
        device.close(removing: false)
        // Nothing of ours keeps it: the veth inside goes with it, and so does its peer.
        #expect(Devices.soon(5) { (try? Devices.ip("link show \(peer)")) == nil })
      }
      monitor.unwatch(watch)
    }

    @Test func deletedAndMadeAgainInOneBreath() throws {
      let name = Machine.unique("ts")
      try Command.run("ip", "netns", "add", name)
      let watch = monitor.watch(.named(name))
      defer { _ = try? Command.run("ip", "netns", "del", name) }
      let first = try #require(watch.namespace)
      try Command.run("sh", "-c", "ip netns del \(name) && ip netns add \(name)")
      #expect(log.hears { $0 == .namespaceGone(.named(name), first) })
      #expect(log.hears { if case .namespaceAppeared(.named(name), _) = $0 { true } else { false } })
      let gone = log.all.firstIndex { if case .namespaceGone = $0 { true } else { false } } ?? .max
      let back = log.all.lastIndex { if case .namespaceAppeared = $0 { true } else { false } } ?? .min
      #expect(gone < back)
      monitor.unwatch(watch)
    }

    /// A path whose directories are not there yet, two levels of them.
    @Test func pathComesLater() throws {
      let namespace = try TestNamespace()
      let base = "/tmp/\(Machine.unique("lnx"))"
      let path = "\(base)/deep/net"
      let reference = NamespaceReference.path(path)
      let watch = monitor.watch(reference)
      #expect(watch.namespace == nil)
      try Command.run("mkdir", base)
      usleep(20_000)
      try Command.run("mkdir", "\(base)/deep")
      try Command.run("touch", path)
      usleep(20_000)
      #expect(log.all.isEmpty)
      try Command.run("mount", "--bind", "/run/netns/\(namespace.name)", path)
      let id = try NamespaceHandle(opening: namespace.reference).id
      #expect(log.hears { $0 == .namespaceAppeared(reference, id) })
      try Command.run("umount", path)
      try Command.run("rm", "-r", base)
      #expect(log.hears { $0 == .namespaceGone(reference, id) })
      monitor.unwatch(watch)
    }

    @Test func endOfAProcess() throws {
      let sleeper = try Command.start("unshare", "-n", "sleep", "100")
      let own = NamespaceID.current
      _ = Devices.soon {
        let id = try? NamespaceHandle(opening: .process(sleeper)).id
        return id != nil && id != own
      }
      let watch = monitor.watch(.process(sleeper))
      let device = try TapDevice.attach(Devices.request("tap0", .process(sleeper)))
      #expect(watch.namespace == device.home && watch.hearsLinks)
      #expect(log.hearsChange { $0.name == "tap0" })
      Command.stop(sleeper)
      #expect(log.hears { $0 == .namespaceGone(.process(sleeper), device.home) })
      device.close(removing: false)
      let late = monitor.watch(.process(sleeper))
      #expect(late.namespace == nil || late == watch)
    }

    /// K1: moved by its user into a named namespace: followed there, and nothing of ours keeps that one alive.
    @Test func K1_movedIntoANamedNamespace() throws {
      let name = Machine.unique("lx")
      let namespace = try TestNamespace()
      let home = monitor.watch(.current)
      let device = try TapDevice.attach(Devices.request(name))
      try Devices.ip("link set \(name) netns \(namespace.name)")
      #expect(
        log.hears { if case .linkGone(let link, moved: true) = $0 { link.index == device.index } else { false } })
      let watch = monitor.watch(device)
      #expect(watch.reference == namespace.reference && watch.hearsLinks)
      try namespace.ip("link set \(name) up")
      #expect(log.hearsChange { $0.name == name && $0.isUp && $0.namespace == watch.namespace })
      try Command.run("ip", "netns", "del", namespace.name)
      #expect(log.hears { $0 == .namespaceGone(namespace.reference, watch.namespace) })
      #expect(Devices.soon(5) { Devices.poll(device) & Int16(POLLERR) != 0 })
      #expect(device.link() == nil)
      device.close(removing: true)
      monitor.unwatch(watch)
      monitor.unwatch(home)
    }

    /// K1: the same for a namespace without a name, a container's: it is heard without being held.
    @Test func K1_movedIntoANamelessNamespace() throws {
      let name = Machine.unique("lx")
      let sleeper = try Command.start("unshare", "-n", "sleep", "100")
      let own = NamespaceID.current
      _ = Devices.soon {
        let id = try? NamespaceHandle(opening: .process(sleeper)).id
        return id != nil && id != own
      }
      let device = try TapDevice.attach(Devices.request(name))
      try Devices.ip("link set \(name) netns \(sleeper)")
      let watch = monitor.watch(device)
      #expect(watch.reference == nil && watch.hearsLinks && watch.namespace != own)
      try Command.run("nsenter", "-t", "\(sleeper)", "-n", "ip", "link", "set", name, "up")
      #expect(log.hearsChange { $0.name == name && $0.isUp && $0.namespace == watch.namespace })
      #expect(device.link()?.isUp == true && device.kernelDrops() != nil)
      Command.stop(sleeper)
      #expect(Devices.soon(5) { Devices.poll(device) & Int16(POLLERR) != 0 })
      device.close(removing: true)
      monitor.unwatch(watch)
    }

    /// What nobody changes wakes nobody.
    @Test func idleIsQuiet() throws {
      let namespace = try TestNamespace()
      let watch = monitor.watch(namespace.reference)
      let thread = try #require(
        SmallFiles.names(in: "/proc/self/task").first {
          SmallFiles.text("/proc/self/task/\($0)/comm") == "links\n"
            && SmallFiles.text("/proc/self/task/\($0)/status") != nil
        })
      func switches() -> String? {
        SmallFiles.text("/proc/self/task/\(thread)/status").flatMap {
          SmallFiles.value(of: "voluntary_ctxt_switches", in: $0)
        }
      }
      usleep(100_000)
      let before = switches()
      usleep(1_500_000)
      #expect(switches() == before)
      monitor.unwatch(watch)
    }

    @Test func stopsAndClosesEverything() throws {
      let namespace = try TestNamespace()
      let before = Machine.openDescriptors
      for _ in 0..<100 {
        let monitor = try LinkMonitor { _ in }
        _ = monitor.watch(.current)
        _ = monitor.watch(namespace.reference)
        _ = monitor.watch(.process(getpid()))
        monitor.stop()
      }
      #expect(Devices.soon { Machine.openDescriptors < before + 50 })
    }
  }
}
