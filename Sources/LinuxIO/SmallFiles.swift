// Reads of /proc, /run and /etc for set-up and messages. Bounded, never on the frame path.

internal import CLinux
internal import Glibc

/// Small files and directories of the system.
enum SmallFiles {
  /// At most the first 64 KiB of a file; nil if it cannot be read.
  /// - Parameter directory: where a relative path begins.
  static func text(_ path: String, in directory: Int32 = AT_FDCWD) -> String? {
    let file = unsafe ts_open_at(directory, path, O_RDONLY)
    guard file >= 0 else { return nil }
    let descriptor = Descriptor(owning: file)
    var bytes = [UInt8](repeating: 0, count: 65536)
    var count = 0
    while count < bytes.count {
      let n = unsafe bytes.withUnsafeMutableBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return 0 }
        return unsafe ts_read(descriptor.number, base + count, UInt(buffer.count - count))
      }
      if n == -Int(EINTR) { continue }
      guard n >= 0 else { return nil }
      if n == 0 { break }
      count += n
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The names in a directory without `.` and `..`; empty if it cannot be read.
  static func names(in path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Where a symbolic link leads; nil if it cannot be read.
  static func link(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let n = unsafe readlink(path, &bytes, bytes.count)
    guard n > 0 else { return nil }
    return String(decoding: bytes[..<n].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func exists(_ path: String) -> Bool { unsafe ts_exists(path) == 1 }

  /// What stands behind `key` in a file of lines `key<separator>value`; white space around it is cut.
  static func value(of key: String, in text: String, separator: Character = ":") -> String? {
    for line in text.split(separator: "\n") {
      guard let middle = line.firstIndex(of: separator), line[..<middle] == key else { continue }
      let rest = line[line.index(after: middle)...]
      return String(rest.drop(while: { $0 == " " || $0 == "\t" }))
    }
    return nil
  }
}
