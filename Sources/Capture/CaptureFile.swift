// The file of a capture: opened with care, extended by whole records only, cut back to the last whole record when
// the kernel takes less. Runs on the capture's thread, which may wait for a disk; the frame path never comes here.
//
// SIGXFSZ (a limit on file sizes) and SIGPIPE end a process that does not ignore them: the capture's thread blocks
// all signals, which turns them into EFBIG and EPIPE; other users of this type see to that themselves.

internal import Glibc
package import LinuxIO

/// An open capture file, locked against other captures.
///
/// A file renamed or deleted underneath is still the one that was opened: writing goes on to it, as tcpdump does.
package struct CaptureFile: ~Copyable, Sendable {
  /// What became of a batch.
  package enum Outcome: Sendable, Equatable {
    case written
    /// `kept` octets, whole records, are in the file; the rest is not.
    case cut(kept: Int, SystemError)
  }

  private let descriptor: Descriptor
  /// The end of the last whole record: where the next one goes.
  package private(set) var end: Int = 0
  /// The file had no name any more when it was last looked at: what is written is gone when the capture ends.
  package private(set) var isDeleted = false
  /// Behind `end` may be part of a record.
  private var isTorn = false

  /// Creates the file, or empties the one there. Refuses what is not a regular file, and a file in use by a capture.
  package init(path: String) throws(CaptureError) {
    try CaptureFile.check(path)
    // Neither O_TRUNC, which would empty the file of a running capture, nor waiting for the reader of a FIFO.
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600)
    guard number >= 0 else { throw CaptureFile.openError(errno, path: path) }
    let descriptor = Descriptor(owning: number)
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else {
      throw .failed(SystemError("fstat", code: errno), path: path)
    }
    if let kind = CaptureFile.unwanted(status.st_mode) { throw CaptureFile.notAFile(kind, path: path) }
    // File systems without locks (ENOLCK, EOPNOTSUPP) are no reason to refuse.
    if flock(number, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      throw CaptureError(
        .inUse, path: path, why: "another running capture writes to this file",
        fix: "choose another file or stop that capture (find it with: fuser -v '\(path)')")
    }
    guard ftruncate(number, 0) == 0 else { throw .failed(SystemError("ftruncate", code: errno), path: path) }
    self.descriptor = descriptor
  }

  /// Looks at the file before something is appended.
  /// - Returns: false if it is shorter than what was written, since somebody truncated it; writing then starts anew
  ///   at 0, with a header.
  package mutating func isWhole() -> Bool {
    var status = stat()
    guard unsafe fstat(descriptor.number, &status) == 0 else { return true }
    isDeleted = status.st_nlink == 0
    if status.st_size < end {
      end = 0
      isTorn = status.st_size > 0
      return false
    }
    if status.st_size > end { isTorn = true }
    return true
  }

  /// Appends the records of `batch`: all of them, or as many whole ones as the kernel takes.
  package mutating func append(_ batch: borrowing CaptureBatch) -> Outcome {
    if isTorn, let error = cutBack() { return .cut(kept: 0, error) }
    var done = 0
    while done < batch.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: batch.bytes[done...])
      let written = unsafe pwrite(descriptor.number, rest.baseAddress, rest.count, end + done)
      let code = errno
      if written > 0 {
        done += written
      } else if written == 0 || code != EINTR {
        let error = SystemError("write", code: written == 0 ? ENOSPC : code)
        let kept = batch.marks.last { $0.end <= done }?.end ?? 0
        end += kept
        isTorn = done > kept
        if isTorn { _ = cutBack() }
        return .cut(kept: kept, error)
      }
    }
    end += done
    return .written
  }

  private mutating func cutBack() -> SystemError? {
    guard ftruncate(descriptor.number, end) == 0 else { return SystemError("ftruncate", code: errno) }
    isTorn = false
    return nil
  }

  // MARK: what cannot be a capture file

  /// Looks before opening, since opening alone can do something to a device.
  private static func check(_ path: String) throws(CaptureError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw CaptureError(
        .notAFile, path: path, why: path.isEmpty ? "the name is empty" : "the name contains a NUL character",
        fix: "name a file that ends in .pcapng or .pcap")
    }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    if let kind = unwanted(status.st_mode) { throw notAFile(kind, path: path) }
  }

  /// What the file is, unless a regular file.
  private static func unwanted(_ mode: mode_t) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: nil
    case S_IFLNK: "a symbolic link"
    case S_IFDIR: "a directory"
    case S_IFIFO: "a FIFO"
    case S_IFCHR, S_IFBLK: "a device"
    case S_IFSOCK: "a socket"
    default: "no regular file"
    }
  }

  private static func notAFile(_ kind: String, path: String) -> CaptureError {
    let fix =
      switch kind {
      case "a symbolic link": "name the file it leads to, or another one"
      case "a directory": "name a file in it, such as \(path.hasSuffix("/") ? path : path + "/")capture.pcapng"
      default: "name a regular file"
      }
    return CaptureError(.notAFile, path: path, why: "it is \(kind), and captures go to regular files only", fix: fix)
  }

  private static func openError(_ code: Int32, path: String) -> CaptureError {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let error = SystemError("open", code: code)
    switch code {
    case ELOOP: return notAFile("a symbolic link", path: path)
    case EISDIR: return notAFile("a directory", path: path)
    case ENXIO: return notAFile("a FIFO", path: path)
    case ENOENT:
      return CaptureError(
        .noDirectory, path: path, why: "the directory '\(directory)' does not exist", fix: "mkdir -p '\(directory)'")
    case ENOTDIR:
      return CaptureError(
        .noDirectory, path: path, why: "'\(directory)' is not a directory", fix: "choose a file in a directory")
    case EROFS:
      return CaptureError(
        .notPermitted, path: path, why: "the file system is mounted read-only", fix: "choose a file on another one")
    case EACCES, EPERM: return CaptureError(.notPermitted, path: path, why: "\(error)", fix: remedy(path, directory))
    default: return .failed(error, path: path)
    }
  }

  /// Which of the reasons for EACCES and EPERM it is.
  private static func remedy(_ path: String, _ directory: String) -> String {
    var (file, parent) = (stat(), stat())
    let exists = unsafe stat(path, &file) == 0
    guard unsafe stat(directory, &parent) == 0 else {
      return "give user \(geteuid()) access to the directory '\(directory)'"
    }
    if exists, parent.st_mode & S_ISVTX != 0, file.st_uid != geteuid() {
      // fs.protected_regular: not even root writes to other people's files in a directory like /tmp.
      return "the file belongs to another user, in a directory everybody may write to: remove it or choose another"
    }
    return exists
      ? "let user \(geteuid()) write to the file, or choose another"
      : "let user \(geteuid()) write to the directory '\(directory)', or choose a file in another"
  }
}
