// The configuration file on disk: read whole and bounded, written atomically. A file that is wrong changes nothing,
// and a writer that fails leaves the old file as it was.

import Glibc
package import SwitchModel

package enum ConfigurationFile {
  /// Reads and types a file. `source` of errors is the path as it was given.
  package static func load(path: String) throws(ConfigurationErrors) -> SwitchConfiguration {
    try parse(bytes: read(path: path), source: TerminalText.escaped(path))
  }

  /// Types a file's bytes.
  package static func parse(bytes: [UInt8], source: String?) throws(ConfigurationErrors) -> SwitchConfiguration {
    try SwitchConfiguration(document: DocumentNode(yaml: bytes, source: source), source: source)
  }

  /// The bytes of a file of at most `limit` bytes; pipes do, too.
  package static func read(path: String, limit: Int = YAMLLimits().bytes) throws(ConfigurationErrors) -> [UInt8] {
    if let fault = FileFault.name(path) { throw ConfigurationErrors(fault) }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw ConfigurationErrors(FileFault.error(errno, path, "opened")) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count <= limit {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw ConfigurationErrors(FileFault.error(errno, path, "read"))
      }
      bytes.append(contentsOf: chunk[..<count])
    }
    throw ConfigurationErrors(
      ConfigurationError(
        .tooLarge, source: TerminalText.escaped(path), "more than \(limit) bytes, allowed: at most \(limit)"))
  }

  /// Puts `text` in place of the file: written beside it, flushed, renamed over it. Never through a symbolic link.
  /// A new file gets mode 0640; an old one keeps mode and owner.
  package static func write(_ text: String, path: String) throws(ConfigurationError) {
    if let fault = FileFault.name(path) { throw fault }
    var old = stat()
    let exists = unsafe lstat(path, &old) == 0
    if !exists, errno != ENOENT { throw FileFault.error(errno, path, "written") }
    if exists, old.st_mode & S_IFMT != S_IFREG {
      let what = old.st_mode & S_IFMT == S_IFLNK ? "a symbolic link" : "no regular file"
      throw ConfigurationError(
        .notPermitted, source: TerminalText.escaped(path), "\(what), allowed: a regular file",
        fix: "name the file itself")
    }
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).tmp"
    let mode = exists ? old.st_mode & 0o777 : 0o640
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw FileFault.error(errno, path, "written") }
    var failure: Int32 = 0
    if exists {
      // The mode asked for at creation was narrowed by the umask. An owner that cannot be kept is no failure.
      if fchmod(descriptor, mode) != 0 { failure = errno }
      if old.st_uid != geteuid() || old.st_gid != getegid() { _ = fchown(descriptor, old.st_uid, old.st_gid) }
    }
    if failure == 0 { failure = writeAll(Array(text.utf8), to: descriptor) }
    if failure == 0, fsync(descriptor) != 0 { failure = errno }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    if failure == 0, unsafe rename(temporary, path) != 0 { failure = errno }
    if failure != 0 {
      unsafe unlink(temporary)
      throw FileFault.error(failure, path, "written")
    }
    syncDirectory(of: path)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      offset += count
    }
    return 0
  }

  /// So that the new name survives a power cut; a file system that cannot is none of the user's faults.
  private static func syncDirectory(of path: String) {
    let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// What is wrong with a path, and what an errno means for a file.
private enum FileFault {
  /// A path that C would cut short, or none at all.
  static func name(_ path: String) -> ConfigurationError? {
    guard path.isEmpty || path.utf8.contains(0) else { return nil }
    return ConfigurationError(
      "found \(path.isEmpty ? "nothing" : TerminalText.quoted(path)), allowed: the path of a file")
  }

  static func error(_ code: Int32, _ path: String, _ done: String) -> ConfigurationError {
    let source = TerminalText.escaped(path)
    switch code {
    case ENOENT: return ConfigurationError(.notFound, source: source, "no such file or directory")
    case ENOTDIR: return ConfigurationError(.notFound, source: source, "a part of the path is no directory")
    case EISDIR: return ConfigurationError(source: source, "a directory, allowed: a file")
    case EACCES, EPERM:
      return ConfigurationError(
        .notPermitted, source: source, "cannot be \(done): permission denied",
        fix: "change its mode or owner, or act as its owner")
    case EROFS:
      return ConfigurationError(
        .notPermitted, source: source, "cannot be \(done): the file system is read-only",
        fix: "name a file elsewhere, or list the directory under ReadWritePaths= of the unit")
    default:
      let text = unsafe String(cString: strerror(code))
      return ConfigurationError(.failure, source: source, "cannot be \(done): \(text)")
    }
  }
}
