// Whole captures: ring, thread and file together, with the disk full (M1), killed in the middle (M2), and at rest.

@testable import Capture
import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite struct FileCaptureTests {
  @Test(
    "Frames are on disk within a second and read by tcpdump while the capture runs",
    arguments: CaptureFileType.allCases)
  func live(type: CaptureFileType) throws {
    let scratch = try Scratch()
    let path = scratch.file("a." + type.rawValue)
    let capture = try FileCapture(path: path)
    let tap0 = capture.register(port: 0, as: CaptureInterface(name: "tap0"))
    capture.register(port: 1, as: CaptureInterface(name: "tap1"))
    #expect(
      eventually(within: 1) { shell("tcpdump -nr \(path)").status == 0 }, "readable before the first frame")
    var producer = try producing(capture)
    let sizes = [14, 60, 1514, 65549]
    for round in 1...3 {
      for size in sizes {
        producer.record(frame(size), port: 0, interface: tap0)
        producer.record(frame(size), port: 1)
      }
      producer.publish()
      #expect(eventually(within: 1) { capture.statistics.frames == UInt64(round * 8) })
      let dump = shell("tcpdump -e -nr \(path) | grep -c 'length 65549:'")
      #expect(dump.text.hasSuffix("\(round * 2)\n"), "\(dump.text)")
    }
    let statistics = capture.statistics
    #expect(statistics.bytes == UInt64(3 * 2 * sizes.reduce(0, +)) && statistics.lost == 0)
    #expect(statistics.path == path && statistics.state == .writing && statistics.state.text == "writing")
    #expect(statistics.fileSize == UInt64(readFile(path).count))
    #expect(capture.stop())
    #expect(capture.stop(), "twice does no harm")
    #expect(capture.statistics.state == .stopped)
    if type == .pcapng {
      let file = try PcapngFile(readFile(path))
      #expect(file.interfaces.map(\.name) == ["tap0", "tap1"])
      #expect(file.names.filter { $0 == "tap1" }.count == 12)
      #expect(file.statistics.map { $0.value(4) } == [12, 12])
      #expect(file.header.contains { $0.text == "tapswitch" } && file.header.contains { $0.text.hasPrefix("Linux ") })
    } else {
      #expect(try PcapFile(readFile(path)).packets.count == 24)
    }
  }

  @Test("A slot used again is another interface; frames that waited keep the name they had")
  func reusedSlot() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcapng")
    let capture = try FileCapture(path: path)
    var producer = try producing(capture)
    var expected: [String] = []
    for round in 0..<20 {
      let name = "vm\(round % 5)"
      let handle = capture.register(port: 9, as: CaptureInterface(name: name))
      for _ in 0..<3 {
        producer.record(frame(60), port: 9, interface: handle)
        expected.append(name)
      }
      // Not published before the slot belongs to the next one.
      if round % 3 == 2 { producer.publish() }
      if round % 7 == 6 { capture.unregister(port: 9) }
    }
    producer.record(frame(60), port: 1234)
    expected.append("slot1234")
    producer.publish()
    #expect(capture.stop())
    let file = try PcapngFile(readFile(path))
    #expect(file.names == expected)
    #expect(file.interfaces.map(\.name) == ["vm0", "vm1", "vm2", "vm3", "vm4", "slot1234"])
    #expect(file.statistics.map { $0.value(8) } == [12, 12, 12, 12, 12, 1])
  }

  @Test("Ports that went are forgotten")
  func churn() throws {
    let registry = InterfaceRegistry()
    var seen: Set<UInt32> = []
    for round in 0..<1000 {
      seen.insert(registry.register(CaptureInterface(name: "vm\(round)"), slot: 1, lost: 0, at: UInt64(round)))
      let retired = registry.snapshot.retired
      #expect(retired.map(\.time) == (round == 0 ? [] : [UInt64(round)]))
      registry.forget(retired.map(\.handle))
    }
    #expect(seen.count == 1000 && !seen.contains(0))
    let table = registry.snapshot
    #expect(table.entries.count == 1 && table.bySlot.count == 1 && table.retired.isEmpty)
  }

  @Test("Several workers write into one file")
  func workers() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcapng")
    let capture = try FileCapture(path: path, workers: 3)
    for worker in [-1, 3] { #expect(throws: NoProducer.self) { _ = try producing(capture, worker: worker) } }
    for worker in 0..<3 { capture.register(port: UInt16(worker), as: CaptureInterface(name: "tap\(worker)")) }
    for worker in 0..<3 {
      var producer = try producing(capture, worker: worker)
      for _ in 0..<100 { producer.record(frame(300), port: UInt16(worker)) }
      producer.publish()
    }
    #expect(capture.stop())
    let file = try PcapngFile(readFile(path))
    for worker in 0..<3 { #expect(file.names.filter { $0 == "tap\(worker)" }.count == 100) }
  }

  @Test(
    "M1 disk full: recording goes on, losses are counted, writing resumes when there is space",
    .enabled(if: SmallDisk.isPossible), arguments: CaptureFileType.allCases)
  func diskFull(type: CaptureFileType) throws {
    let disk = try #require(SmallDisk(kilobytes: 1024))
    let path = disk.path + "/a." + type.rawValue
    writeFile(disk.path + "/ballast", [UInt8](repeating: 1, count: 600_000))
    let states = Mutex<[CaptureState]>([])
    let capture = try FileCapture(path: path, report: { state in states.withLock { $0.append(state) } })
    for port in 0..<4 { capture.register(port: UInt16(port), as: CaptureInterface(name: "tap\(port)")) }
    var producer = try producing(capture)
    var offered = 0
    func send(_ count: Int, _ size: Int, on ports: Range<Int>) {
      for index in 0..<count {
        producer.record(frame(size), port: UInt16(ports.lowerBound + index % ports.count))
        offered += 1
      }
      producer.publish()
    }
    func isFull() -> Bool { if case .full = capture.statistics.state { true } else { false } }
    // The interfaces of ports 2 and 3 are first told when there is no more space.
    send(20, 1000, on: 0..<2)
    send(1000, 1001, on: 0..<4)
    #expect(eventually { isFull() })
    #expect(capture.statistics.state.text == "full: No space left on device")
    #expect(capture.statistics.lost > 0)
    let before = readFile(path)
    if type == .pcap { #expect(try PcapFile(before).torn == 0) } else { #expect(try PcapngFile(before).torn == 0) }
    #expect(shell("tcpdump -nr \(path)").status == 0)
    let lost = capture.statistics.lost
    send(500, 1001, on: 0..<4)
    #expect(eventually { capture.statistics.lost == lost + 500 }, "lost while full")
    #expect(shell("rm '\(disk.path)/ballast'").status == 0)
    #expect(
      eventually {
        send(1, 100, on: 3..<4)
        return capture.statistics.state == .writing
      })
    send(100, 100, on: 0..<4)
    #expect(capture.stop())
    let statistics = capture.statistics
    #expect(statistics.frames + statistics.lost == UInt64(offered))
    let after = readFile(path)
    #expect(statistics.fileSize == UInt64(after.count))
    #expect(after.starts(with: before))
    if type == .pcap {
      #expect(try PcapFile(after).packets.count == Int(statistics.frames))
    } else {
      let file = try PcapngFile(after)
      #expect(file.packets.count == Int(statistics.frames))
      #expect(Set(file.interfaces.map(\.name)).count == file.interfaces.count)
      #expect(file.interfaces.count == 4)
      #expect(file.statistics.reduce(0) { $0 + ($1.value(5) ?? 0) } == statistics.lost)
      #expect(file.statistics.reduce(0) { $0 + ($1.value(4) ?? 0) } == UInt64(offered))
    }
    #expect(shell("tcpdump -nr \(path)").status == 0)
    let seen = states.withLock { $0 }
    #expect(seen.first?.text == "full: No space left on device" && seen.last == .stopped && seen.contains(.writing))
  }

  @Test(
    "M1 a disk that is full from the start: the header comes when there is space",
    .enabled(if: SmallDisk.isPossible))
  func fullFromStart() throws {
    let disk = try #require(SmallDisk(kilobytes: 64))
    shell("dd if=/dev/zero of='\(disk.path)/ballast' bs=4k count=64")
    let path = disk.path + "/a.pcapng"
    let capture = try FileCapture(path: path)
    var producer = try producing(capture)
    producer.record(frame(60))
    producer.publish()
    #expect(eventually { capture.statistics.lost == 1 })
    #expect(capture.statistics.fileSize == 0)
    shell("rm '\(disk.path)/ballast'")
    var offered = 1
    #expect(
      eventually {
        producer.record(frame(60))
        producer.publish()
        offered += 1
        return capture.statistics.state == .writing
      })
    #expect(capture.stop())
    #expect(try PcapngFile(readFile(path)).packets.count == Int(capture.statistics.frames))
    #expect(capture.statistics.frames + capture.statistics.lost == UInt64(offered))
  }

  @Test("M1 RLIMIT_FSIZE with SIGXFSZ not ignored: the process lives, writing resumes when the limit goes")
  func sizeLimit() async throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcap")
    await #expect(processExitsWith: .success) { [path = path as String] in
      try #require(limitFileSize(to: 100_000))
      let capture = try FileCapture(path: path)
      var producer = try producing(capture)
      for _ in 0..<200 { producer.record(frame(999)) }
      producer.publish()
      try #require(eventually { capture.statistics.state.text == "full: File too large" })
      try #require(capture.statistics.frames == (100_000 - 24) / 1015)
      try #require(capture.statistics.frames + capture.statistics.lost == 200)
      try #require(limitFileSize(to: nil))
      try #require(
        eventually {
          producer.record(frame(999))
          producer.publish()
          return capture.statistics.state == .writing
        })
      try #require(capture.stop())
      try #require(try PcapFile(readFile(path)).packets.count == Int(capture.statistics.frames))
    }
  }

  @Test("M2 SIGKILL in the middle: readable up to the last whole record", arguments: CaptureFileType.allCases)
  func killed(type: CaptureFileType) async throws {
    let scratch = try Scratch()
    let path = scratch.file("a." + type.rawValue)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let capture = try FileCapture(path: path)
      capture.register(port: 0, as: CaptureInterface(name: "tap0"))
      var producer = try producing(capture)
      var number = 0
      while true {
        for _ in 0..<64 {
          producer.record(frame(60 + number * 97 % 3000, number: number), timestamp: UInt64(number))
          number += 1
        }
        producer.publish()
        usleep(100)
        if capture.statistics.frames > 5000 { kill(getpid(), SIGKILL) }
      }
    }
    let bytes = readFile(path)
    let frames: [[UInt8]]
    if type == .pcap {
      frames = try PcapFile(bytes, mayBeTorn: true).packets.map(\.bytes)
    } else {
      frames = try PcapngFile(bytes, mayBeTorn: true).packets.map(\.bytes)
    }
    #expect(frames.count > 5000)
    let lines = shell("tcpdump -nr \(path) 2>/dev/null | grep -c ethertype").text
    #expect(lines == "\(frames.count)\n")
    // Whoever comes next takes the file over: the lock went with the process.
    #expect(try FileCapture(path: path).stop())
  }

  @Test("At rest the thread does not wake up; a frame wakes it twice at the most")
  func idle() async throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcap")
    await #expect(processExitsWith: .success) { [path = path as String] in
      let capture = try FileCapture(path: path)
      var producer = try producing(capture)
      func switches() -> Int {
        Int(
          shell(
            """
            cd /proc/\(getpid())/task; grep -lx capture */comm | while read f; do
            awk '/^voluntary/{print $2}' $(dirname $f)/status; done
            """
          ).text.split(separator: "\n").last ?? "") ?? -1
      }
      usleep(300_000)
      let before = switches()
      try #require(before >= 0)
      sleep(1)
      try #require(switches() == before)
      for _ in 0..<5 {
        producer.record(frame(60))
        producer.publish()
        producer.publish()
        usleep(150_000)
      }
      try #require(capture.statistics.frames == 5)
      let after = switches()
      // Woken by the frame and by the end of the nap; a disk may put it to sleep once more.
      try #require((5...20).contains(after - before), "\(after - before)")
      usleep(300_000)
      let rest = switches()
      sleep(1)
      try #require(switches() == rest)
      try #require(capture.stop())
    }
  }

  @Test("Faster than the disk: captured + lost = offered, counted by interface as well")
  func overload() throws {
    let scratch = try Scratch()
    let path = scratch.file("a.pcapng")
    let capture = try FileCapture(path: path, ringBytes: 65536, snapLength: 2000)
    for port in 0..<2 { capture.register(port: UInt16(port), as: CaptureInterface(name: "tap\(port)")) }
    var producer = try producing(capture)
    var offered = 0
    let bytes = frame(1514)
    while capture.statistics.lost == 0 || offered < 20000 {
      for index in 0..<64 { producer.record(bytes, port: UInt16(index % 2)) }
      offered += 64
      producer.publish()
    }
    #expect(capture.stop())
    let statistics = capture.statistics
    #expect(statistics.frames + statistics.lost == UInt64(offered))
    let file = try PcapngFile(readFile(path))
    #expect(file.packets.count == Int(statistics.frames))
    #expect(file.statistics.map { $0.value(4) } == [UInt64(offered / 2), UInt64(offered / 2)])
    #expect(file.statistics.reduce(0) { $0 + ($1.value(5) ?? 0) } == statistics.lost)
  }

  @Test("Recording after the end is counted as lost and harms nothing")
  func afterStop() throws {
    let scratch = try Scratch()
    let capture = try FileCapture(path: scratch.file("a.pcap"), ringBytes: 65536, snapLength: 1000)
    var producer = try producing(capture)
    #expect(capture.stop())
    for _ in 0..<200 { producer.record(frame(1000)) }
    producer.publish()
    #expect(capture.statistics.lost > 0 && capture.statistics.frames == 0)
  }

  @Test("M1 a thread that hangs in the file system is given up, not waited for")
  func hangs() throws {
    final class Flag: Sendable { let isSet = Atomic<Bool>(false) }
    let flag = Flag()
    let thread = try CaptureThread(name: "hangs") {
      while !flag.isSet.load(ordering: .acquiring) { usleep(1000) }
    }
    #expect(!thread.join(within: 0))
    flag.isSet.store(true, ordering: .releasing)
    #expect(thread.join(within: 0), "nothing left to wait for")
    let quick = try CaptureThread(name: "quick") {}
    #expect(quick.join(within: 10) && quick.join(within: 0))
  }
}
