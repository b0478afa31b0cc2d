// Takes the control socket of a switch: checks what stands at its path, makes the directory, binds with the final
// mode and listens. No other switch is harmed by it, and nothing is served here.

internal import Glibc
internal import LinuxIO
package import SwitchModel

/// A unix socket that is bound and listens; clients that connect wait until a `ControlServer` serves it.
///
/// Mode 0600, or 0660 with a group, from the moment the name exists (umask around bind, no chmod). The group is set
/// between bind and listen: before listen nobody can connect.
package struct ControlSocket: Sendable {
  package let path: String
  /// The listening socket. `ControlServer` takes it over; until then `release` closes it.
  let descriptor: Int32
  private let identity: FileIdentity
  /// The directory is held to be ours alone, and opened to the group with the socket.
  private let makesDirectory: Bool

  /// Takes `path`.
  /// - Parameters:
  ///   - group: name or number of the group that may connect; nil: only this user.
  ///   - makesDirectory: whether the directory is made if it is missing and held to be ours alone: for the default
  ///     places, not for a path the user wrote.
  /// - Throws: 409 if a switch answers there or something else stands there; 403 without the right; 422 for a path
  ///   that cannot be one; 500 for what the kernel says besides.
  package static func claim(path: String, group: String?, makesDirectory: Bool) throws(Problem) -> ControlSocket {
    guard path.utf8.count <= ControlPlaces.pathLimit else { throw SocketProblem.tooLong(path) }
    guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else { throw SocketProblem.notAPath(path) }
    let groupID = try group.map { name throws(Problem) in try UserGroup.number(of: name) }
    let directory = ControlPlaces.parent(of: path)
    if makesDirectory { try ControlDirectory.make(directory, group: groupID) }
    // Two switches that start at once must not both find the other's socket dead: the directory is locked meanwhile.
    let lock = try ControlDirectory.lock(directory, ours: makesDirectory)
    defer { close(lock) }
    try clear(path)
    return try bind(path, group: groupID, makesDirectory)
  }

  /// Lets another group connect from now on, nil: only this user. Who is connected stays so.
  func give(to group: String?) throws(Problem) {
    guard FileIdentity(ofSocketAt: path) == identity else {
      throw SocketProblem.system(SystemError("lstat", code: ENOENT, detail: path), path)
    }
    guard let group else {
      // Closed before it goes back to our own group.
      guard unsafe chmod(path, 0o600) == 0, unsafe lchown(path, .max, getegid()) == 0 else {
        throw SocketProblem.system(SystemError("chown", code: errno, detail: path), path)
      }
      return
    }
    let number = try UserGroup.number(of: group)
    if makesDirectory { try ControlDirectory.make(ControlPlaces.parent(of: path), group: number) }
    guard unsafe chmod(path, 0o600) == 0, unsafe lchown(path, .max, number) == 0, unsafe chmod(path, 0o660) == 0 else {
      throw SocketProblem.group(number, SystemError("chown", code: errno, detail: path))
    }
  }

  /// Removes the name, if it still is this socket's. The server calls it before it stops to answer.
  func unlinkIfOurs() {
    guard FileIdentity(ofSocketAt: path) == identity else { return }
    _ = unsafe unlink(path)
  }

  /// For a start that failed before a server took the socket over: closes it and removes its name.
  package func release() {
    unlinkIfOurs()
    close(descriptor)
  }

  /// Makes sure that nothing stands at `path`; a dead switch's socket of ours is removed.
  private static func clear(_ path: String) throws(Problem) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw SocketProblem.system(SystemError("lstat", code: errno, detail: path), path)
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw SocketProblem.occupied(path, by: fileKind(status.st_mode)) }
    switch UnixAddress.probe(path) {
    case .answers: throw SocketProblem.live(path)
    case .refused where status.st_uid == geteuid():
      guard unsafe unlink(path) == 0 || errno == ENOENT else {
        throw SocketProblem.system(SystemError("unlink", code: errno, detail: path), path)
      }
    case .refused: throw SocketProblem.occupied(path, by: "a socket of user \(status.st_uid)")
    case .absent: return
    case .failed(let code): throw SocketProblem.system(SystemError("connect", code: code, detail: path), path)
    }
  }

  private static func bind(
    _ path: String, group: UInt32?, _ makesDirectory: Bool
  ) throws(Problem) -> ControlSocket {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(bitPattern: SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SocketProblem.system(SystemError("socket", code: errno), path) }
    // The umask is the process's; for the length of one call other threads create files with fewer rights, never more.
    let before = umask(group == nil ? 0o177 : 0o117)
    let result = unsafe UnixAddress.with(path) { unsafe Glibc.bind(descriptor, $0, $1) }
    let code = errno
    umask(before)
    guard result == 0, let identity = FileIdentity(ofSocketAt: path) else {
      close(descriptor)
      throw SocketProblem.system(SystemError("bind", code: result == 0 ? ENOENT : code, detail: path), path)
    }
    let made = ControlSocket(
      path: path, descriptor: descriptor, identity: identity, makesDirectory: makesDirectory)
    if let group, unsafe lchown(path, .max, group) != 0 {
      let code = errno
      made.release()
      throw SocketProblem.group(group, SystemError("chown", code: code, detail: path))
    }
    guard listen(descriptor, backlog) == 0 else {
      let code = errno
      made.release()
      throw SocketProblem.system(SystemError("listen", code: code, detail: path), path)
    }
    return made
  }

  /// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
  private static let backlog: Int32 = 1024

  private static func fileKind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFLNK: "a symbolic link"
    case S_IFDIR: "a directory"
    case S_IFREG: "a file"
    case S_IFIFO: "a named pipe"
    default: "a device"
    }
  }
}

/// Which inode a name stands for.
private struct FileIdentity: Equatable, Sendable {
  let device: UInt64
  let inode: UInt64

  init?(ofSocketAt path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
