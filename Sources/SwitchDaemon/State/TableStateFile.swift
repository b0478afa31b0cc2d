// The file in which a switch keeps what it learned while it does not run. Whatever is wrong with it costs one line of
// the log and never a start or a stop.

internal import Glibc
internal import LinuxIO
package import Logging
internal import SwitchModel

/// `NAME.fdb` in the directory for state.
package struct TableStateFile: Sendable {
  package let directory: String
  package let name: String
  package var path: String { ControlPlaces.joined(directory, name) }

  package init(directory: String, switchName: String) {
    self.directory = directory
    name = switchName + ".fdb"
  }

  /// Where a switch of this user keeps its state: what systemd gave it; /var/lib/tapswitch for root;
  /// $XDG_STATE_HOME/tapswitch or ~/.local/state/tapswitch. Nil where none of these is known.
  package static func standard(
    switchName: String, user: UInt32 = geteuid(), environment: (String) -> String? = ControlPlaces.variable
  ) -> TableStateFile? {
    let absolute = { (path: String?) -> String? in path.flatMap { $0.hasPrefix("/") ? $0 : nil } }
    // systemd.exec(5): several directories are joined by colons.
    let first = environment("STATE_DIRECTORY")?.split(separator: ":").first.map { String($0) }
    let directory: String?
    if let given = absolute(first) {
      directory = given
    } else if user == 0 {
      directory = "/var/lib/tapswitch"
    } else if let home = absolute(environment("XDG_STATE_HOME")) {
      directory = ControlPlaces.joined(home, "tapswitch")
    } else {
      directory = absolute(environment("HOME")).map { ControlPlaces.joined($0, ".local/state/tapswitch") }
    }
    return directory.map { TableStateFile(directory: $0, switchName: switchName) }
  }

  /// Reads the table; nil if there is none or it is not to be trusted, which is logged.
  /// - Parameter now: seconds of real time.
  package func load(at now: Int64, _ logger: Logger) -> SavedTable? {
    do throws(TableStateFault) {
      guard let bytes = try read() else { return nil }
      do throws(SavedTableFault) {
        return try SavedTable(decoding: bytes, at: now)
      } catch {
        throw TableStateFault("\(error)")
      }
    } catch {
      logger.warning("the saved MAC table \(shown) is ignored: \(error)")
      return nil
    }
  }

  /// Puts `table` in place of what is there, whole or not at all; a failure is logged.
  @discardableResult
  package func save(_ table: SavedTable, _ logger: Logger) -> Bool {
    do throws(TableStateFault) {
      try write(table.encoded())
      return true
    } catch {
      logger.warning("the MAC table is not saved to \(shown): \(error)")
      return false
    }
  }

  /// Removes the file: after its entries are in the table they are no news any more, and would be wrong after a crash.
  package func remove() { _ = unsafe unlink(path) }

  private var shown: String { TerminalText.escaped(path) }

  /// The octets of the file; nil if there is none. At most as many are read as a table can have.
  private func read() throws(TableStateFault) -> [UInt8]? {
    // Without O_NONBLOCK the open of a named pipe would wait for its writer.
    let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    let descriptor = unsafe open(path, flags)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw errno == ELOOP ? TableStateFault("it is a symbolic link") : TableStateFault("open", errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw TableStateFault("fstat", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw TableStateFault("it is no regular file") }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw TableStateFault(
        "others may write it: it belongs to user \(status.st_uid) with mode \(octal(status.st_mode))")
    }
    guard status.st_size <= SavedTable.sizeLimit else { throw TableStateFault("\(SavedTableFault.tooLarge)") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(status.st_size))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= SavedTable.sizeLimit {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw TableStateFault("read", errno)
      }
      bytes.append(contentsOf: chunk[..<count])
    }
    throw TableStateFault("\(SavedTableFault.tooLarge)")
  }

  /// Beside the file, flushed, renamed over it. The directory is held open meanwhile, so that nobody exchanges it.
  private func write(_ bytes: [UInt8]) throws(TableStateFault) {
    let place = try openDirectory()
    defer { close(place) }
    let temporary = "\(name).\(getpid()).tmp"
    // A rest of ours: the process of that number is gone, for we have it.
    _ = unsafe unlinkat(place, temporary, 0)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe openat(place, temporary, flags, 0o600)
    guard descriptor >= 0 else { throw TableStateFault("open", errno) }
    var failure: TableStateFault?
    // The umask may only have taken rights away.
    if fchmod(descriptor, 0o600) != 0 { failure = TableStateFault("chmod", errno) }
    var offset = 0
    while failure == nil, offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { offset += count } else if errno != EINTR { failure = TableStateFault("write", errno) }
    }
    if failure == nil, fsync(descriptor) != 0 { failure = TableStateFault("fsync", errno) }
    if close(descriptor) != 0, failure == nil { failure = TableStateFault("close", errno) }
    if failure == nil, unsafe renameat(place, temporary, place, name) != 0 {
      failure = TableStateFault("rename", errno)
    }
    if let failure {
      _ = unsafe unlinkat(place, temporary, 0)
      throw failure
    }
    // So that the name survives a power cut; a file system that cannot is no reason to complain.
    fsync(place)
  }

  /// The directory, made with its parents where it is missing, and held to be ours alone.
  private func openDirectory() throws(TableStateFault) -> Int32 {
    var made = ""
    for part in directory.split(separator: "/") {
      made += "/" + part
      // Only ever what is missing: of what is there, mkdir says EEXIST, or EROFS where nothing could be made.
      if unsafe mkdir(made, 0o700) == 0 {
        // The umask is the process's, and another thread may have narrowed it for a moment.
        _ = unsafe chmod(made, 0o700)
      } else if errno != EEXIST, errno != EROFS, errno != EACCES, errno != EISDIR {
        throw TableStateFault("mkdir", errno)
      }
    }
    let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TableStateFault("open of the directory", errno) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw TableStateFault("fstat", code)
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      close(descriptor)
      throw TableStateFault(
        "others may write in its directory: it belongs to user \(status.st_uid) with mode \(octal(status.st_mode))")
    }
    return descriptor
  }

  private func octal(_ mode: mode_t) -> String { String(mode & 0o7777, radix: 8) }
}

/// Why the file was not read or written, as a sentence's end.
struct TableStateFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
  init(_ call: String, _ code: Int32) { description = "\(SystemError(call, code: code))" }
}
