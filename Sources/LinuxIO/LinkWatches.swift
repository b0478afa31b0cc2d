// The state of the link monitor: what is watched, and by which descriptors. Guarded by the monitor's lock; it calls
// nobody back.

internal import CLinux
internal import Glibc

/// Watches and their sources.
struct LinkWatches: ~Copyable {
  let epoll: Descriptor
  private let wake: WakeDescriptor
  private(set) var names: NameWatches
  private(set) var isStopped = false

  private var nextToken: UInt64 = 16
  private var watches: [UInt64: Watched] = [:]
  private var references: [NamespaceReference: Reference] = [:]
  private var sockets: [NamespaceID: LinkSocket] = [:]
  private var socketTokens: [UInt64: NamespaceID] = [:]
  private var processTokens: [UInt64: NamespaceReference] = [:]
  /// Namespaces without a name, by their number in the own one.
  private var numbers: [Int32: (namespace: NamespaceID, users: Int)] = [:]

  private enum Token {
    static let wake: UInt64 = 1
    static let names: UInt64 = 2
  }

  private enum Watched {
    case reference(NamespaceReference)
    case number(Int32)
  }

  private struct Reference {
    var users = 0
    /// The namespace it leads to now.
    var namespace: NamespaceID?
    /// pidfd and its token, for a process.
    var process: (descriptor: Int32, token: UInt64)?
    /// When to look again at a name that is not a namespace yet, and how often that was done.
    var retry: (at: UInt64, count: Int)?
  }

  init() throws(SystemError) {
    let epoll = Descriptor(owning: try checked(ts_epoll_create(), "epoll_create1"))
    let wake = try WakeDescriptor()
    let names = try NameWatches()
    try LinkWatches.add(epoll.number, wake.number, Token.wake)
    try LinkWatches.add(epoll.number, names.number, Token.names)
    self.epoll = epoll
    self.wake = wake
    self.names = names
  }

  deinit {
    for reference in references.values {
      if let process = reference.process { _ = ts_close(process.descriptor) }
    }
  }

  private static func add(_ epoll: Int32, _ descriptor: Int32, _ token: UInt64) throws(SystemError) {
    _ = try checked(
      ts_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, token), "epoll_ctl(EPOLL_CTL_ADD)")
  }

  mutating func stop() {
    isStopped = true
    wake.signal()
  }

  private mutating func newToken() -> UInt64 {
    nextToken &+= 1
    return nextToken
  }

  // MARK: watching

  mutating func watch(_ reference: NamespaceReference) -> NamespaceWatch {
    if references[reference] == nil {
      references[reference] = Reference()
      var events: [LinkEvent] = []  // the caller learns it from the result
      look(reference, &events)
    }
    references[reference]?.users += 1
    let token = newToken()
    watches[token] = .reference(reference)
    wake.signal()  // there may be something to look at again
    let namespace = references[reference]?.namespace
    let hears = namespace.map { sockets[$0] != nil } ?? false
    return NamespaceWatch(token: token, reference: reference, namespace: namespace, hearsLinks: hears)
  }

  /// - Parameter device: in `namespace`, which no name leads to.
  mutating func watchUnnamed(_ device: TapDevice, _ namespace: NamespaceID) -> NamespaceWatch {
    let token = newToken()
    let deaf = NamespaceWatch(token: token, reference: nil, namespace: namespace, hearsLinks: false)
    guard let session = try? NetlinkSession.current(), let number = device.number(for: session) else { return deaf }
    if numbers[number] == nil {
      guard retainSocket(session.namespace, .current) else { return deaf }
      guard sockets[session.namespace]?.listenToAll(true) == true else {
        releaseSocket(session.namespace)
        return deaf
      }
      numbers[number] = (namespace, 0)
    }
    numbers[number]?.users += 1
    watches[token] = .number(number)
    return NamespaceWatch(token: token, reference: nil, namespace: namespace, hearsLinks: true)
  }

  mutating func unwatch(_ watch: NamespaceWatch) {
    switch watches.removeValue(forKey: watch.token) {
    case .reference(let reference):
      references[reference]?.users -= 1
      if references[reference]?.users == 0 { forget(reference) }
    case .number(let number):
      numbers[number]?.users -= 1
      if numbers[number]?.users == 0 { forget(number: number) }
    case nil: break
    }
  }

  private mutating func forget(_ reference: NamespaceReference) {
    guard let entry = references.removeValue(forKey: reference) else { return }
    names.remove(reference)
    if let namespace = entry.namespace { releaseSocket(namespace) }
    if let process = entry.process { close(process) }
  }

  private mutating func forget(number: Int32) {
    guard numbers.removeValue(forKey: number) != nil, let own = NamespaceID.current else { return }
    if numbers.isEmpty { _ = sockets[own]?.listenToAll(false) }
    releaseSocket(own)
  }

  private mutating func close(_ process: (descriptor: Int32, token: UInt64)) {
    processTokens[process.token] = nil
    _ = ts_close(process.descriptor)  // which takes it out of epoll
  }

  // MARK: sockets

  /// False if no socket can be had there.
  private mutating func retainSocket(_ namespace: NamespaceID, _ reference: NamespaceReference) -> Bool {
    if sockets[namespace] != nil {
      sockets[namespace]?.users += 1
      return true
    }
    guard let socket = try? LinkSocket(reference, namespace, token: newToken()) else { return false }
    guard (try? LinkWatches.add(epoll.number, socket.number, socket.token)) != nil else { return false }
    socketTokens[socket.token] = namespace
    sockets[namespace] = socket
    return true
  }

  private mutating func releaseSocket(_ namespace: NamespaceID) {
    guard sockets[namespace] != nil else { return }
    sockets[namespace]?.users -= 1
    guard let socket = sockets[namespace], socket.users == 0 else { return }
    socketTokens[socket.token] = nil
    sockets[namespace] = nil  // closes it
  }

  // MARK: what happens

  mutating func handle(_ token: UInt64, _ events: inout [LinkEvent]) {
    switch token {
    case Token.wake: wake.clear()
    case Token.names:
      for change in names.read() {
        // What was deleted and made again in one breath is another namespace, even if it looks alike.
        if change.isGone { lose(change.reference, &events) }
        references[change.reference]?.retry = nil
        look(change.reference, &events)
      }
    default:
      if let namespace = socketTokens[token], let socket = sockets[namespace] {
        read(socket, &events)
      } else if let reference = processTokens[token] {
        lose(reference, &events)
        if let process = references[reference]?.process { close(process) }
        references[reference]?.process = nil
      }
    }
  }

  private mutating func read(_ socket: LinkSocket, _ events: inout [LinkEvent]) {
    socket.read { (message, number) in
      switch message {
      case .changed(let link), .gone(let link, _):
        var link = link
        if number >= 0 {
          guard let other = numbers[number] else { return }
          link.namespace = other.namespace
        }
        if case .gone(_, let moved) = message {
          events.append(.linkGone(link, moved: moved))
        } else {
          events.append(.linkChanged(link))
        }
      case .lost:
        events.append(.eventsLost(socket.namespace))
        for other in numbers.values where socket.listensToAll { events.append(.eventsLost(other.namespace)) }
      case .numberGone(let number):
        // It may be given to another namespace next.
        if numbers[number] != nil { forget(number: number) }
      }
    }
  }

  /// The namespace of a reference is none of ours any more.
  private mutating func lose(_ reference: NamespaceReference, _ events: inout [LinkEvent]) {
    guard let namespace = references[reference]?.namespace else { return }
    references[reference]?.namespace = nil
    releaseSocket(namespace)
    events.append(.namespaceGone(reference, namespace))
  }

  /// Looks where a reference leads now.
  private mutating func look(_ reference: NamespaceReference, _ events: inout [LinkEvent]) {
    guard references[reference] != nil else { return }
    if let pid = reference.owner {
      // Once: a process that has gone does not come back.
      guard references[reference]?.namespace == nil, references[reference]?.process == nil else { return }
      follow(pid, reference)
    } else if reference != .current {
      names.add(reference)
    }
    do throws(PortError) {
      let handle = try NamespaceHandle(opening: reference)
      references[reference]?.retry = nil
      guard references[reference]?.namespace != handle.id else { return }
      lose(reference, &events)
      references[reference]?.namespace = handle.id
      _ = retainSocket(handle.id, reference)
      events.append(.namespaceAppeared(reference, handle.id))
    } catch {
      // What the process lacks for the moment (descriptors, memory) says nothing about the namespace.
      if case .system = error {} else { lose(reference, &events) }
      guard reference.owner == nil, SmallFiles.exists(reference.file) else {
        references[reference]?.retry = nil
        return
      }
      // The file is there, the namespace is not mounted on it yet: nothing tells when it will be.
      let count = references[reference]?.retry?.count ?? 0
      guard count < 100 else {
        references[reference]?.retry = nil
        return
      }
      let delay = UInt64(min(64, 1 << min(count, 6))) * 1_000_000
      references[reference]?.retry = (Clock.monotonic() + delay, count + 1)
    }
  }

  private mutating func follow(_ pid: Int32, _ reference: NamespaceReference) {
    let descriptor = ts_pidfd_open(pid)
    guard descriptor >= 0 else { return }
    let token = newToken()
    guard (try? LinkWatches.add(epoll.number, descriptor, token)) != nil else {
      _ = ts_close(descriptor)
      return
    }
    processTokens[token] = reference
    references[reference]?.process = (descriptor, token)
  }

  /// Looks again at names whose time has come; how many milliseconds until the next, -1 if there is none.
  mutating func retry(_ events: inout [LinkEvent]) -> Int32 {
    var now = Clock.monotonic()
    let due = references.filter { entry in entry.value.retry.map { $0.at <= now } ?? false }.keys
    for reference in due { look(reference, &events) }
    guard let next = references.values.compactMap({ $0.retry?.at }).min() else { return -1 }
    now = Clock.monotonic()
    return next <= now ? 0 : Int32(clamping: (next - now) / 1_000_000 + 1)
  }
}
