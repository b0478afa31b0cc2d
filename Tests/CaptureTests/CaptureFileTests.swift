// The file of a capture: what is refused (L8), and whole records only when the disk gives out (M1).

import Capture
import Glibc
import LinuxIO
import Testing

@Suite struct CaptureFileTests {
  private static func error(_ path: String) -> CaptureError? {
    do throws(CaptureError) {
      let capture = try FileCapture(path: path)
      capture.stop()
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "The suffix chooses the format, and nothing else will do",
    arguments: [
      ("a.pcap", CaptureFileType.pcap), ("a.pcapng", .pcapng), ("/x.y/b.PcapNG", .pcapng), (".pcap", .pcap),
      ("a", nil), ("a.", nil), ("", nil), ("a.pcap/", nil), ("a.pcap.gz", nil), ("x.pcap/b", nil), ("pcap", nil),
      ("a.cap", nil),
    ])
  func suffix(path: String, expected: CaptureFileType?) {
    #expect((try? CaptureFileType(path: path)) == expected)
    if expected == nil {
      let error = Self.error(path)
      #expect(error?.kind == .suffix)
      #expect(error?.description.contains(".pcapng") == true && error?.description.contains(".pcap ") == true)
    }
  }

  @Test("L8 a symbolic link, FIFO, device, directory or socket is refused and left as it is")
  func notFiles() throws {
    let scratch = try Scratch()
    writeFile(scratch.file("victim"), Array("precious".utf8))
    shell(
      """
      cd \(scratch.path); ln -s victim link.pcap; ln -s nowhere dangling.pcap; mkfifo fifo.pcap; mkdir dir.pcap
      mknod device.pcap c 1 3; ln -s /dev/null null.pcap
      python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket.pcap")'
      """)
    for (name, what) in [
      ("link", "symbolic link"), ("dangling", "symbolic link"), ("fifo", "FIFO"),
      ("dir", "directory"), ("null", "symbolic link"), ("socket", "socket"),
    ] {
      let error = try #require(Self.error(scratch.file(name + ".pcap")), "\(name)")
      #expect(error.kind == .notAFile && error.why.contains(what), "\(error)")
    }
    if geteuid() == 0 { #expect(Self.error(scratch.file("device.pcap"))?.why.contains("device") == true) }
    #expect(readFile(scratch.file("victim")) == Array("precious".utf8))
    #expect(shell("ls \(scratch.path)/nowhere").status != 0)
    #expect(Self.error(scratch.file("a\0b.pcap"))?.kind == .notAFile)
  }

  @Test("M1 a path that cannot be written says why and what to do")
  func unwritable() throws {
    let scratch = try Scratch()
    let missing = try #require(Self.error(scratch.file("no/such/a.pcap")))
    #expect(missing.kind == .noDirectory && missing.fix == "mkdir -p '\(scratch.path)/no/such'")
    writeFile(scratch.file("plain"), [])
    #expect(Self.error(scratch.file("plain/a.pcap"))?.kind == .noDirectory)
    let long = try #require(Self.error(scratch.file(String(repeating: "x", count: 300) + ".pcap")))
    #expect(long.kind == .system && long.why.contains("File name too long"))
    #expect(Self.error("/proc/a.pcap") != nil)
    if geteuid() == 0 {
      // Not even root writes to another user's file in a directory like /tmp (fs.protected_regular).
      shell("cd \(scratch.path); mkdir -m 1777 tmp; touch tmp/a.pcap; chown 65534 tmp/a.pcap")
      if shell("cat /proc/sys/fs/protected_regular").text.hasPrefix("0") == false {
        let foreign = try #require(Self.error(scratch.file("tmp/a.pcap")))
        #expect(foreign.kind == .notPermitted && foreign.fix.contains("another user"), "\(foreign)")
      }
    }
  }

  @Test("L8 a file another capture writes is refused and not harmed; after its end it is taken")
  func inUse() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcapng")
    let first = try FileCapture(path: path)
    var producer = try producing(first)
    producer.record(frame(60))
    producer.publish()
    #expect(eventually { first.statistics.frames == 1 })
    let error = try #require(Self.error(path))
    #expect(error.kind == .inUse && error.description.contains("fuser"))
    #expect(first.stop())
    #expect(try PcapngFile(readFile(path)).packets.count == 1)
    #expect(Self.error(path) == nil)
    #expect(try PcapngFile(readFile(path)).packets.isEmpty, "emptied by the next one")
  }

  @Test("An old file is emptied; a new one is for owner and group only")
  func creation() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcap")
    writeFile(path, [UInt8](repeating: 7, count: 100_000))
    #expect(Self.error(path) == nil)
    #expect(readFile(path).count == 24)
    #expect(Self.error(scratch.file("b.pcap")) == nil)
    var status = stat()
    #expect(unsafe stat(scratch.file("b.pcap"), &status) == 0)
    #expect(status.st_mode & 0o137 == 0)
  }

  @Test("M1 on a full disk only whole records stay", .enabled(if: SmallDisk.isPossible))
  func diskFull() throws {
    let disk = try #require(SmallDisk(kilobytes: 256))
    let path = disk.path + "/a.pcap"
    var file = try CaptureFile(path: path)
    var writer = PcapWriter()
    var expected = 0
    var outcome = CaptureFile.Outcome.written
    // 777 octets divide no page: the disk ends in the middle of a record.
    let bytes = frame(777)
    func batch(_ count: Int, header: Bool) -> CaptureFile.Outcome {
      var batch = CaptureBatch()
      if header { writer.begin(into: &batch) }
      for _ in 0..<count {
        unsafe bytes.withUnsafeBytes {
          unsafe writer.frame(CapturedFrame(timestamp: 0, length: 777, port: 0, bytes: $0), on: 0, into: &batch)
        }
      }
      return file.append(batch)
    }
    var rounds = 0
    while outcome == .written, rounds < 100 {
      outcome = batch(50, header: rounds == 0)
      rounds += 1
      if outcome == .written { expected += 50 }
    }
    guard case .cut(let kept, let error) = outcome else {
      Issue.record("the disk was never full")
      return
    }
    #expect(error.code == ENOSPC)
    #expect(kept % (777 + 16) == 0 && kept > 0)
    expected += kept / (777 + 16)
    #expect(readFile(path).count == file.end)
    #expect(try PcapFile(readFile(path)).packets.count == expected)
    #expect(batch(50, header: false) != .written)
    #expect(try PcapFile(readFile(path)).torn == 0)
  }

  @Test("A file truncated or extended underneath is mended")
  func changedUnderneath() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcapng")
    let capture = try FileCapture(path: path)
    capture.register(port: 0, as: CaptureInterface(name: "tap0"))
    var producer = try producing(capture)
    func send(_ number: Int) {
      producer.record(frame(60, number: number))
      producer.publish()
      #expect(eventually { capture.statistics.frames == UInt64(number) })
    }
    send(1)
    shell("printf garbage >> \(path)")
    send(2)
    #expect(try PcapngFile(readFile(path)).packets.map(\.bytes) == [frame(60, number: 1), frame(60, number: 2)])
    shell("truncate -s 0 \(path)")
    send(3)
    #expect(try PcapngFile(readFile(path)).packets.map(\.bytes) == [frame(60, number: 3)])
    shell("truncate -s 50 \(path)")
    send(4)
    #expect(try PcapngFile(readFile(path)).names == ["tap0"])
    shell("mv \(path) \(path).old")
    send(5)
    #expect(try PcapngFile(readFile(path + ".old")).packets.count == 2, "goes on where the file went")
    shell("rm \(path).old")
    send(6)
    #expect(eventually { capture.statistics.state == .deleted })
    #expect(capture.statistics.state.text.contains("deleted"))
    #expect(capture.stop())
  }
}
