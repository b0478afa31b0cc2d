// Hears of links and namespaces that change: rtnetlink sockets, inotify and pidfds behind one epoll, one thread.
// It sleeps for as long as nothing happens. It decides nothing: what an event means for a port is the owner's matter.

internal import CLinux
internal import Glibc
internal import Synchronization

/// Watches namespaces and the links in them.
///
/// A netlink socket keeps its namespace alive. So the monitor has sockets only in namespaces of which it can hear
/// when their owner gives them up (a name in /run/netns, a file, a process), and drops them then. A namespace without
/// any of these is heard through the own namespace's socket (NETLINK_LISTEN_ALL_NSID), which holds nothing.
package final class LinkMonitor: Sendable {
  private let core: Core
  private let thread: Mutex<SystemThread?>

  /// Starts the thread.
  /// - Parameter handler: called on that thread, one event at a time; it may call `watch` and `unwatch`.
  package init(_ handler: @escaping @Sendable (LinkEvent) -> Void) throws(SystemError) {
    let core = Core(try LinkWatches(), handler)
    self.core = core
    thread = Mutex(try SystemThread(name: "links") { core.run() })
  }

  deinit { stop() }

  /// Watches a namespace, whether it is there or not, and hears when it comes, goes and changes. A process that is
  /// not there is never waited for: its number would come back as another process.
  /// Watch first, then look: what happens in between is reported.
  package func watch(_ reference: NamespaceReference) -> NamespaceWatch {
    core.watches.withLock { $0.watch(reference) }
  }

  /// Watches the namespace a device is in now, under the name it has there, if any; in its own namespace under the
  /// reference the device was asked for with.
  package func watch(_ device: TapDevice) -> NamespaceWatch {
    let current = NamespaceID.current
    guard let namespace = device.currentNamespace(), namespace != device.home else {
      return watch(device.request.namespace)
    }
    if namespace == current { return watch(.current) }
    if let name = namespace.name { return watch(.named(name)) }
    return core.watches.withLock { $0.watchUnnamed(device, namespace) }
  }

  /// Ends a watch. The last one of a namespace drops the monitor's socket there.
  package func unwatch(_ watch: NamespaceWatch) {
    core.watches.withLock { $0.unwatch(watch) }
  }

  /// Ends the thread; no event comes after it. Not to be called from the handler.
  package func stop() {
    core.watches.withLock { $0.stop() }
    guard let thread = thread.withLock({ $0.take() }) else { return }
    // The last reference may have gone inside the handler.
    if thread.isCurrent { thread.detach() } else { thread.join() }
  }

  /// What the thread holds; the monitor itself may go while it runs.
  private final class Core: Sendable {
    let watches: Mutex<LinkWatches>
    private let handler: @Sendable (LinkEvent) -> Void
    private let epoll: Int32

    init(_ watches: consuming sending LinkWatches, _ handler: @escaping @Sendable (LinkEvent) -> Void) {
      epoll = watches.epoll.number
      self.watches = Mutex(watches)
      self.handler = handler
    }

    func run() {
      let capacity = 16
      let ready = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
      unsafe ready.initialize(repeating: epoll_event(), count: capacity)
      defer { unsafe ready.deallocate() }
      var wait: Int32 = -1
      while true {
        let count = Int(unsafe ts_epoll_wait(epoll, ready, Int32(capacity), wait))
        var tokens: [UInt64] = []
        for index in 0..<max(0, count) { tokens.append(unsafe ts_event_token(ready + index)) }
        let events: [LinkEvent]? = watches.withLock { watches in
          if watches.isStopped { return nil }
          var events: [LinkEvent] = []
          for token in tokens { watches.handle(token, &events) }
          wait = watches.retry(&events)
          return events
        }
        guard let events else { return }
        for event in events { handler(event) }
      }
    }
  }
}
