// How the kernel takes in what the switch writes to a TAP: threaded NAPI and receive packet steering
// (Documentation/networking/napi.rst, scaling.rst). Off unless asked for: on two cores every one of them costs more than
// it gives. What is changed here is put back when the setting or the port goes.
//
// By sysfs: `napi-set` of the netdev netlink family (Linux 6.17) finds no NAPI of the tun driver, which gives them no
// number, and steering has no netlink at all.

internal import CLinux
internal import Glibc
internal import Synchronization

/// What was changed in the sysfs directory of a device, and what stood there before.
struct TapTuning: Sendable {
  private struct Change {
    let before: String
    let written: String
  }

  private var changes: [String: Change] = [:]

  private static let threaded = "threaded"

  /// Makes what `request` asks for.
  /// - Parameters:
  ///   - isLeft: we made the device in an earlier run, so that what it has may be from then; before us it had nothing.
  ///   - files: opens the directory; called only if there is something to do.
  mutating func apply(
    _ request: TapRequest, isLeft: Bool, created: Bool, _ files: () throws(SystemError) -> InterfaceFiles
  ) throws(PortError) {
    if request.napi == .threaded || request.napi == .on && !created {
      do throws(SystemError) {
        let files = try files()
        let wanted = request.napi == .threaded ? "1" : "0"
        // Without the file there are no threads to be rid of.
        if request.napi == .threaded || files.text(TapTuning.threaded) != nil {
          try set(TapTuning.threaded, to: wanted, isLeft: isLeft, in: files)
        }
      } catch {
        throw .untuned(error, .threaded(request.napi == .threaded), request)
      }
    }
    guard !request.rpsCPUs.isEmpty, let cpus = CPUList(request.rpsCPUs) else { return }
    do throws(SystemError) {
      try steer(to: cpus, isLeft: isLeft, in: try files())
    } catch {
      throw .untuned(error, .steering(cpus), request)
    }
  }

  /// Spreads what arrives at every queue of the device over `cpus`.
  mutating func steer(
    to cpus: CPUList, isLeft: Bool, in files: borrowing InterfaceFiles
  ) throws(SystemError) {
    let names = files.steeringFiles
    guard !names.isEmpty else { throw SystemError("open", code: ENOENT, detail: "queues/rx-0/rps_cpus") }
    for name in names { try set(name, to: cpus.mask, isLeft: isLeft, in: files) }
  }

  private mutating func set(
    _ file: String, to wanted: String, isLeft: Bool, in files: borrowing InterfaceFiles
  ) throws(SystemError) {
    guard let text = files.text(file) else { throw SystemError("open", code: ENOENT, detail: file) }
    let before = changes[file]?.before ?? (isLeft ? "0" : text)
    if TapTuning.same(text, wanted) {
      // Somebody prepared it so: nothing of ours, and no right is needed.
      if changes[file] != nil || isLeft { changes[file] = Change(before: before, written: wanted) }
      return
    }
    try files.write(wanted, to: file)
    changes[file] = Change(before: before, written: wanted)
    guard let now = files.text(file), TapTuning.same(now, wanted) else {
      throw SystemError("write", code: EINVAL, detail: file)
    }
  }

  /// Puts back what was changed, unless somebody has changed it since.
  /// - Parameter steeringOnly: leaves NAPI as it is.
  /// - Throws: the first that was refused, after all were tried.
  mutating func putBack(steeringOnly: Bool, in files: borrowing InterfaceFiles) throws(SystemError) {
    var failure: SystemError?
    for (file, change) in changes where !steeringOnly || file != TapTuning.threaded {
      if let now = files.text(file), TapTuning.same(now, change.written), !TapTuning.same(now, change.before) {
        do throws(SystemError) { try files.write(change.before, to: file) } catch {
          failure = failure ?? error
          continue
        }
      }
      changes[file] = nil
    }
    if let failure { throw failure }
  }

  /// Nothing was changed, or all of it is put back.
  var isEmpty: Bool { changes.isEmpty }

  /// Masks may be written with more zeros than the kernel shows; 0 and 1 are masks too.
  private static func same(_ one: String, _ other: String) -> Bool {
    guard let one = CPUList(mask: one), let other = CPUList(mask: other) else { return one == other }
    return one == other
  }
}

extension TapDevice {
  /// Spreads what the switch writes over the CPUs `new` instead of `old` (receive packet steering), on every queue the
  /// device has now. Without any CPU the device gets back what it had before the first of them.
  package func setRPS(old: [Int], new: [Int]) throws(PortError) {
    guard !old.isEmpty || !new.isEmpty else { return }
    let cpus = try Processors.check(new, for: request.name)
    try tuning.withLock { tuning throws(PortError) in
      if new.isEmpty, tuning.isEmpty { return }
      guard let link = link() else { throw gone }
      do throws(SystemError) {
        let files = try InterfaceFiles(of: link, tun: descriptor)
        if new.isEmpty {
          try tuning.putBack(steeringOnly: true, in: files)
        } else {
          try tuning.steer(to: cpus, isLeft: made && !created, in: files)
        }
      } catch {
        var now = request
        now.name = link.name.shown
        throw .untuned(error, .steering(cpus), now)
      }
    }
  }
}
