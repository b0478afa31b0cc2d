// How users name a network namespace, and how the kernel tells one from another.

internal import CLinux
internal import Glibc

/// A network namespace as a setting names it.
package enum NamespaceReference: Hashable, Sendable, CustomStringConvertible {
  /// The one the calling thread is in.
  case current
  /// A name of `ip netns` (a file in /run/netns).
  case named(String)
  /// The one a process is in.
  case process(Int32)
  /// A file, for instance /proc/123/ns/net or /var/run/docker/netns/….
  case path(String)

  /// `pid:N`, a path (it begins with `/`), or a name; nil for what can be none of these.
  package init?(parsing text: String) {
    let bytes = text.utf8
    guard !bytes.isEmpty, bytes.count < 4096, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    if text.hasPrefix("pid:") {
      let digits = bytes.dropFirst(4)
      guard digits.allSatisfy({ (0x30...0x39).contains($0) }), let pid = Int32(text.dropFirst(4)), pid > 0 else {
        return nil
      }
      self = .process(pid)
    } else if text.hasPrefix("/") {
      self = .path(text)
    } else {
      guard bytes.count < 256, !bytes.contains(UInt8(ascii: "/")), text != ".", text != ".." else { return nil }
      self = .named(text)
    }
  }

  /// What `init(parsing:)` reads; empty for the current one.
  package var description: String {
    switch self {
    case .current: ""
    case .named(let name): name
    case .process(let pid): "pid:\(pid)"
    case .path(let path): path
    }
  }

  /// For messages: "network namespace web".
  package var sentence: String {
    switch self {
    case .current: "the own network namespace"
    case .named(let name): "network namespace \(name)"
    case .process(let pid): "the network namespace of process \(pid)"
    case .path(let path): "network namespace \(path)"
    }
  }

  /// Where the namespace can be opened.
  var file: String {
    switch self {
    case .current: "/proc/thread-self/ns/net"
    case .named(let name): NamespaceReference.directory + "/" + name
    case .process(let pid): "/proc/\(pid)/ns/net"
    case .path(let path): path
    }
  }

  /// The process whose end is the end of this reference.
  var owner: Int32? {
    switch self {
    case .process(let pid): return pid
    case .path(let path):
      let parts = path.split(separator: "/")
      guard parts.count >= 4, parts[0] == "proc", let pid = Int32(parts[1]), pid > 0 else { return nil }
      return pid
    case .current, .named: return nil
    }
  }

  /// Where `ip netns` keeps its names.
  static let directory = "/run/netns"
}

/// Which namespace: the inode of its nsfs file. Valid as long as something keeps the namespace alive; then the
/// kernel may give the number to another one.
package struct NamespaceID: Hashable, Sendable, BitwiseCopyable {
  let device: UInt64
  let inode: UInt64

  /// The namespace of the calling thread; nil only where /proc is not mounted.
  package static var current: NamespaceID? {
    guard let handle = try? NamespaceHandle(opening: .current) else { return nil }
    return handle.id
  }

  /// The name in /run/netns that leads to this namespace.
  package var name: String? {
    for name in SmallFiles.names(in: NamespaceReference.directory) {
      if let handle = try? NamespaceHandle(opening: .named(name)), handle.id == self { return name }
    }
    return nil
  }
}

/// An open namespace file. It keeps the namespace alive, so it lives only as long as a set-up step.
struct NamespaceHandle: ~Copyable {
  let descriptor: Descriptor
  let id: NamespaceID

  /// - Throws: `.absent` if there is no such namespace (yet), `.invalid` if the file is something else.
  init(opening reference: NamespaceReference) throws(PortError) {
    let file = unsafe ts_open_read(reference.file)
    guard file >= 0 else {
      switch -file {
      case ENOENT, ENOTDIR, ESRCH:
        if let pid = reference.owner { throw .absent("process \(pid)") }
        throw .absent(reference.sentence)
      case EACCES, EPERM: throw .cannotOpenNamespace(reference)
      default: throw .system(SystemError("open", code: file, detail: reference.file), fix: nil)
      }
    }
    let descriptor = Descriptor(owning: file)
    guard ts_is_network_namespace(file) == 1 else {
      // `ip netns add` makes the file first and mounts the namespace on it a moment later.
      if case .named = reference { throw .absent(reference.sentence) }
      throw .invalid("\(reference.file) is not a network namespace", fix: nil)
    }
    try self.init(owning: descriptor)
  }

  /// A namespace somebody else opened.
  init(owning descriptor: consuming Descriptor) throws(PortError) {
    var device: UInt64 = 0
    var inode: UInt64 = 0
    let result = unsafe ts_file_identity(descriptor.number, &device, &inode)
    guard result >= 0 else { throw .system(SystemError("fstat", code: result), fix: nil) }
    id = NamespaceID(device: device, inode: inode)
    self.descriptor = descriptor
  }
}
