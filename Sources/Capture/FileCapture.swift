// One capture to a file, as the rest of the switch sees it: made by the control thread, fed by workers, read by
// anybody, and written by a thread of its own.

internal import Glibc
internal import LinuxIO
internal import Synchronization

/// A running capture of frames to a file.
///
/// What is recorded is in the file within a tenth of a second unless the disk is slow. An error of the disk stops
/// nothing: frames are lost and counted, and once a second writing is tried again.
package final class FileCapture: Sendable {
  private let rings: [CaptureRing]
  private let bell: CaptureBell
  private let registry = InterfaceRegistry()
  private let ledger = CaptureLedger()
  private let thread: CaptureThread
  /// Absolute.
  package let path: String

  /// Opens the file, which is emptied if it is there, and starts the thread.
  /// - Parameters:
  ///   - path: absolute or relative to the working directory; the suffix, .pcap or .pcapng, chooses the format.
  ///   - workers: how many threads record; each has its own ring.
  ///   - ringBytes: memory of each ring, used only as far as needed.
  ///   - snapLength: octets kept of a frame; 0 for all (262144).
  ///   - application: who writes, for the pcapng header, such as `tapswitch 1.0`.
  ///   - report: called on the capture's thread whenever the state changes; it must not wait.
  package init(
    path: String, workers: Int = 1, ringBytes: Int = CaptureRing.defaultCapacity,
    snapLength: Int = CaptureRing.defaultSnapLength, application: String = "tapswitch",
    report: @escaping @Sendable (CaptureState) -> Void = { _ in }
  ) throws(CaptureError) {
    let type = try CaptureFileType(path: path)
    do throws(SystemError) {
      bell = try CaptureBell()
      var rings: [CaptureRing] = []
      for _ in 0..<max(1, workers) {
        rings.append(try CaptureRing(capacity: ringBytes, snapLength: snapLength, bell: bell))
      }
      self.rings = rings
    } catch {
      throw CaptureError(.system, path: path, why: "\(error)", fix: "make the capture smaller or free memory")
    }
    self.path = FileCapture.absolute(path)
    let file = try CaptureFile(path: path)
    let kept = CaptureRing.effective(snapLength: snapLength)
    do throws(SystemError) {
      thread =
        switch type {
        case .pcap:
          try FileCapture.start(
            PcapWriter(snapLength: kept), file, rings: rings, bell: bell, registry: registry, ledger: ledger,
            report: report)
        case .pcapng:
          try FileCapture.start(
            PcapngWriter(snapLength: kept, origin: FileCapture.origin(application)), file, rings: rings, bell: bell,
            registry: registry, ledger: ledger, report: report)
        }
    } catch {
      throw CaptureError(.system, path: path, why: "\(error)", fix: "raise the limit on threads (ulimit -u)")
    }
  }

  deinit { stop() }

  /// The recording side for one worker; nil if that worker's is in use, or there is no such worker.
  package func makeProducer(worker: Int = 0) -> RingProducer? {
    guard rings.indices.contains(worker) else { return nil }
    return rings[worker].makeProducer()
  }

  /// Says which port stands in `slot` from now on. Call it before frames of that port are recorded, and after the
  /// last frame of the port that had the slot before. Any thread.
  /// - Returns: the handle to record with, never 0. Frames recorded with it keep this name whatever happens to the
  ///   slot while they wait in the ring.
  @discardableResult
  package func register(port slot: UInt16, as interface: CaptureInterface) -> UInt32 {
    let handle = registry.register(interface, slot: slot, lost: lost(port: slot), at: Clock.monotonic())
    // The file says at once that the port is there: tcpdump reads no pcapng file that names no interface.
    bell.ring()
    return handle
  }

  /// The port has gone from `slot`. Not needed before another registration of the slot. Any thread.
  package func unregister(port slot: UInt16) {
    registry.unregister(slot: slot, lost: lost(port: slot), at: Clock.monotonic())
  }

  /// Any thread.
  package var statistics: CaptureStatistics {
    CaptureStatistics(
      path: path, frames: ledger.frames.load(ordering: .relaxed), bytes: ledger.bytes.load(ordering: .relaxed),
      lost: rings.reduce(ledger.lost.load(ordering: .relaxed)) { $0 &+ $1.lost },
      fileSize: ledger.fileSize.load(ordering: .relaxed), state: ledger.currentState)
  }

  /// Writes what was published, ends the file and the thread. Once is enough; more does no harm.
  /// - Returns: false if the file system did not answer within `seconds`; the thread is then left to itself.
  @discardableResult
  package func stop(within seconds: Int = 5) -> Bool {
    ledger.stopping.store(true, ordering: .sequentiallyConsistent)
    bell.ring()
    return thread.join(within: seconds)
  }

  // MARK: starting

  private static func start<Format: CaptureFormat>(
    _ format: Format, _ file: consuming CaptureFile, rings: [CaptureRing], bell: CaptureBell,
    registry: InterfaceRegistry, ledger: CaptureLedger, report: @escaping @Sendable (CaptureState) -> Void
  ) throws(SystemError) -> CaptureThread {
    let drain = CaptureDrain(
      rings: rings, consumers: rings.compactMap { $0.makeConsumer() }, bell: bell, registry: registry, ledger: ledger,
      file: file, format: format, report: report)
    // A closure cannot consume what it captured; the thread takes the drain out of here, once.
    let handover = Mutex<CaptureDrain<Format>?>(drain)
    return try CaptureThread(name: "capture") {
      guard var drain = handover.withLock({ $0.take() }) else { return }
      drain.run()
    }
  }

  private func lost(port slot: UInt16) -> UInt64 { rings.reduce(0) { $0 &+ $1.lost(port: slot) } }

  private static func origin(_ application: String) -> PcapngWriter.Origin {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return PcapngWriter.Origin(application: application) }
    return PcapngWriter.Origin(
      hardware: text(name.machine), system: text(name.sysname) + " " + text(name.release), application: application)
  }

  /// A NUL-terminated array of C, which Swift sees as a tuple.
  private static func text<Characters: BitwiseCopyable>(_ characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(directory) }
    return unsafe String(cString: directory) + "/" + path
  }
}
