// The directory control sockets live in: made with its final rights, checked to be ours, and locked while a socket
// in it changes hands.

internal import Glibc
internal import LinuxIO
internal import SwitchModel

enum ControlDirectory {
  /// Makes `path` with mode 0700, or 0750 and the group, unless it is there. One that is there and ours is opened to
  /// the group if it was not; one that belongs to another group stays as it is and is an error.
  static func make(_ path: String, group: UInt32?) throws(Problem) {
    let mode: mode_t = group == nil ? 0o700 : 0o750
    let before = umask(0o077 & ~mode)
    let result = unsafe mkdir(path, mode)
    let code = errno
    umask(before)
    guard result == 0 || code == EEXIST else {
      throw SocketProblem.directory(path, SystemError("mkdir", code: code, detail: path))
    }
    guard let group else { return }
    let descriptor = try open(path, ours: true)
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw SocketProblem.directory(path, SystemError("fstat", code: errno, detail: path))
    }
    if status.st_gid == group, status.st_mode & 0o050 == 0o050 { return }
    let isClosed = result == 0 || status.st_mode & 0o070 == 0
    guard isClosed else { throw SocketProblem.otherGroup(path, has: status.st_gid, wanted: group) }
    guard fchown(descriptor, .max, group) == 0, fchmod(descriptor, 0o750) == 0 else {
      throw SocketProblem.group(group, SystemError("chown", code: errno, detail: path))
    }
  }

  /// Opens `path`, checks who may write in it and locks it; the lock goes with the descriptor. Waits at most two
  /// seconds for a switch that is being started there.
  static func lock(_ path: String, ours: Bool) throws(Problem) -> Int32 {
    let descriptor = try open(path, ours: ours)
    for _ in 0..<40 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      usleep(50_000)
    }
    let code = errno
    close(descriptor)
    throw SocketProblem.directory(path, SystemError("flock", code: code, detail: path))
  }

  /// Opens the directory. `ours`: it must not be a symbolic link, and must belong to this user with nobody else
  /// writing in it. Else it only must not be one in which anybody could replace our socket.
  private static func open(_ path: String, ours: Bool) throws(Problem) -> Int32 {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (ours ? O_NOFOLLOW : 0)
    let descriptor = unsafe Glibc.open(path, flags)
    guard descriptor >= 0 else { throw SocketProblem.directory(path, SystemError("open", code: errno, detail: path)) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw SocketProblem.directory(path, SystemError("fstat", code: code, detail: path))
    }
    let isOurs = status.st_uid == geteuid() && status.st_mode & 0o022 == 0
    let isSafe = status.st_mode & 0o002 == 0 || status.st_mode & S_ISVTX != 0
    guard ours ? isOurs : isSafe else {
      close(descriptor)
      throw SocketProblem.unsafeDirectory(path, owner: status.st_uid, mode: status.st_mode & 0o7777)
    }
    return descriptor
  }
}

/// Groups by name.
enum UserGroup {
  /// The number of the group `name`, which may be a number itself.
  static func number(of name: String) throws(Problem) -> UInt32 {
    if let number = UInt32(name), number != .max { return number }
    var entry = unsafe group()
    var found: UnsafeMutablePointer<group>?
    // Large enough for groups of some thousand members; ERANGE asks for more, up to a bound.
    var capacity = 16_384
    while capacity <= 1 << 22 {
      var buffer = [CChar](repeating: 0, count: capacity)
      let code = unsafe getgrnam_r(name, &entry, &buffer, capacity, &found)
      if code == ERANGE {
        capacity *= 4
        continue
      }
      guard code == 0, unsafe found != nil else { break }
      return unsafe entry.gr_gid
    }
    throw SocketProblem.unknownGroup(name)
  }
}
