// Names of namespaces that come and go in directories (inotify(7)): /run/netns, and its parents while it is not there.

internal import CLinux
internal import Glibc

/// Which directory tells of which reference.
struct NameWatches: ~Copyable {
  private let inotify: Descriptor
  private var directories: [Int32: Set<NamespaceReference>] = [:]
  private var places: [NamespaceReference: Place] = [:]

  private struct Place {
    let watch: Int32
    /// The name waited for there: that of the namespace, or of a directory on the way to it.
    let name: String
    /// How many directories are above it.
    let depth: Int
    let isLast: Bool
  }

  /// Something happened to the name of a reference.
  struct Change {
    let reference: NamespaceReference
    /// It was deleted or renamed.
    let isGone: Bool
  }

  init() throws(SystemError) { inotify = Descriptor(owning: try checked(ts_inotify_create(), "inotify_init1")) }

  var number: Int32 { inotify.number }

  /// Watches the deepest directory on the way to the reference's file; to be called again when something has changed.
  mutating func add(_ reference: NamespaceReference) {
    let place = find(reference.file)
    if let old = places[reference], old.watch != place?.watch { drop(reference, old.watch) }
    places[reference] = place
    if let place { directories[place.watch, default: []].insert(reference) }
  }

  mutating func remove(_ reference: NamespaceReference) {
    guard let old = places.removeValue(forKey: reference) else { return }
    drop(reference, old.watch)
  }

  private mutating func drop(_ reference: NamespaceReference, _ watch: Int32) {
    directories[watch]?.remove(reference)
    guard directories[watch]?.isEmpty == true else { return }
    directories[watch] = nil
    _ = ts_inotify_remove(inotify.number, watch)
  }

  private func find(_ path: String) -> Place? {
    let parts = path.split(separator: "/").map(String.init)
    guard !parts.isEmpty else { return nil }
    var found: Place?
    var tries = 0
    while tries < 8 {
      tries += 1
      found = nil
      for depth in stride(from: parts.count - 1, through: 0, by: -1) {
        let directory = "/" + parts[..<depth].joined(separator: "/")
        let watch = unsafe ts_inotify_watch_directory(inotify.number, directory)
        guard watch >= 0 else {
          if watch == -ENOENT || watch == -ENOTDIR { continue }
          return nil
        }
        found = Place(watch: watch, name: parts[depth], depth: depth, isLast: depth == parts.count - 1)
        break
      }
      // The directory below may have come before the watch was set.
      guard let place = found, !place.isLast else { break }
      if !SmallFiles.exists("/" + parts[...place.depth].joined(separator: "/")) { break }
    }
    return found
  }

  /// What has happened since the last call.
  mutating func read() -> [Change] {
    var changes: [Change] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let length = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe ts_read(inotify.number, base, UInt(bytes.count))
      }
      guard length > 0 else { return changes }
      var rest = buffer[..<length]
      // struct inotify_event: wd, mask, cookie, length of the name behind it.
      while let watch = rest.number(at: 0, as: Int32.self), let mask = rest.number(at: 4, as: UInt32.self),
        let size = rest.number(at: 12, as: UInt32.self)
      {
        let name = rest.dropFirst(16).prefix(Int(size)).text
        rest = rest.dropFirst(16 + Int(size))
        add(&changes, watch, mask, name)
      }
    }
  }

  private mutating func add(_ changes: inout [Change], _ watch: Int32, _ mask: UInt32, _ name: String) {
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      changes += places.keys.map { Change(reference: $0, isGone: false) }
      return
    }
    let isDirectoryItself = mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED) != 0
    let isGone = mask & UInt32(IN_DELETE | IN_MOVED_FROM) != 0
    for reference in directories[watch] ?? [] {
      guard let place = places[reference], isDirectoryItself || place.name == name else { continue }
      changes.append(Change(reference: reference, isGone: isGone && place.isLast))
    }
    // The kernel has dropped the watch already.
    if mask & UInt32(IN_IGNORED) != 0 { directories[watch] = nil }
  }
}
