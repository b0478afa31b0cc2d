// The file of the saved MAC table: where it is, that it is replaced whole, and that nothing wrong with it matters.

import Glibc
import Logging
import SwitchModel
import Testing
import Wire

@testable import SwitchDaemon

struct TableStateFileTests {
  private static let table = SavedTable(
    written: 1000, entries: [SavedTable.Entry(mac: MACAddress(bits: 0x52), vlan: 7, port: "web", age: 3)])

  @Test(
    arguments: [
      (0, [:], "/var/lib/tapswitch/lab.fdb"), (0, ["XDG_STATE_HOME": "/x"], "/var/lib/tapswitch/lab.fdb"),
      (0, ["STATE_DIRECTORY": "/var/lib/other:/b"], "/var/lib/other/lab.fdb"),
      (0, ["STATE_DIRECTORY": "relative"], "/var/lib/tapswitch/lab.fdb"),
      (1000, ["STATE_DIRECTORY": "/s", "HOME": "/home/a"], "/s/lab.fdb"),
      (1000, ["XDG_STATE_HOME": "/x", "HOME": "/home/a"], "/x/tapswitch/lab.fdb"),
      (1000, ["XDG_STATE_HOME": "x", "HOME": "/home/a"], "/home/a/.local/state/tapswitch/lab.fdb"),
      (1000, ["HOME": "/home/a"], "/home/a/.local/state/tapswitch/lab.fdb"), (1000, [:], nil),
    ] as [(UInt32, [String: String], String?)])
  func places(user: UInt32, environment: [String: String], path: String?) {
    #expect(TableStateFile.standard(switchName: "lab", user: user) { environment[$0] }?.path == path)
  }

  @Test func `it is saved and read, with mode 0600, in a directory of 0700 that is made`() throws {
    try withFile { file, box in
      let logger = box.logger(.debug)
      #expect(file.load(at: 1000, logger) == nil)
      #expect(file.save(Self.table, logger))
      #expect(file.load(at: 1000, logger) == Self.table)
      var status = stat()
      #expect(unsafe lstat(file.path, &status) == 0 && status.st_mode == S_IFREG | 0o600)
      #expect(unsafe lstat(file.directory, &status) == 0 && status.st_mode == S_IFDIR | 0o700)
      var other = Self.table
      other.written = 1001
      #expect(file.save(other, logger))
      #expect(file.load(at: 1001, logger) == other)
      file.remove()
      #expect(file.load(at: 1001, logger) == nil)
      #expect(box.all.isEmpty, "\(box.all)")
    }
  }

  @Test func `what stands there instead is ignored with one line, and replaced`() throws {
    let put = { (text: String, path: String) in (try? ConfigurationFile.write(text, path: path)) != nil }
    let makers: [(String, (String) -> Bool)] = [
      ("symbolic link", { unsafe symlink("/etc/passwd", $0) == 0 }),
      ("no regular file", { unsafe mkfifo($0, 0o600) == 0 }),
      ("no saved MAC table", { unsafe put("nonsense", $0) && chmod($0, 0o600) == 0 }),
      ("others may write", { unsafe put("x", $0) && chmod($0, 0o662) == 0 }),
      ("too large", { unsafe put("", $0) && chmod($0, 0o600) == 0 && truncate($0, 1 << 40) == 0 }),
    ]
    for (why, make) in makers {
      try withFile { file, box in
        #expect(file.save(Self.table, box.logger(.debug)))
        file.remove()
        #expect(make(file.path), "\(why)")
        #expect(file.load(at: 1000, box.logger(.debug)) == nil)
        #expect(
          box.all.count == 1 && box.all[0].contains(why) && box.all[0].contains(" warning "), "\(why): \(box.all)")
        #expect(file.save(Self.table, box.logger(.debug)))
        #expect(file.load(at: 1000, box.logger(.debug)) == Self.table)
        #expect(box.all.count == 1)
      }
    }
    // It was never followed.
    var status = stat()
    #expect(unsafe lstat("/etc/passwd", &status) == 0 && status.st_size > 0)
  }

  @Test func `where it cannot be saved one line says why`() throws {
    try withFile { file, box in
      #expect(file.save(Self.table, box.logger(.debug)))
      file.remove()
      #expect(unsafe mkdir(file.path, 0o700) == 0)
      #expect(!file.save(Self.table, box.logger(.debug)))
      #expect(box.all.count == 1 && box.all[0].contains("is not saved to \(file.path)"), "\(box.all)")
      #expect(unsafe rmdir(file.path) == 0)
      // A directory in which others may put a file of theirs.
      #expect(unsafe chmod(file.directory, 0o777) == 0)
      #expect(!file.save(Self.table, box.logger(.debug)))
      #expect(box.all.count == 2 && box.all[1].contains("others may write"), "\(box.all)")
      #expect(unsafe chmod(file.directory, 0o700) == 0)
    }
    let box = LineBox()
    for directory in ["/proc/nowhere", "/etc/passwd/x", "/dev/null"] {
      #expect(!TableStateFile(directory: directory, switchName: "lab").save(Self.table, box.logger(.debug)))
    }
    #expect(box.all.count == 3)
  }

  /// A file in a directory that is not there yet, and is gone with what is in it afterwards.
  private func withFile(_ body: (TableStateFile, LineBox) throws -> Void) throws {
    let place = try TestPlace()
    let file = TableStateFile(directory: place.directory + "/state/tapswitch", switchName: "lab")
    defer {
      file.remove()
      #expect(unsafe rmdir(file.directory) == 0, "nothing is left beside it")
      _ = unsafe rmdir(place.directory + "/state")
      place.remove()
    }
    try body(file, LineBox())
  }
}
