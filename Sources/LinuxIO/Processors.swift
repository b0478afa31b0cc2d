// How many cores there are for this process, and what follows from it.

internal import CLinux

package enum Processors {
  /// Cores that the process may run on (sched_getaffinity(2)); 1 where that cannot be known.
  package static var available: Int { max(1, Int(ts_available_processors())) }

  /// The CPUs that are there and switched on; nil where the kernel does not say.
  static var online: CPUList? { SmallFiles.text("/sys/devices/system/cpu/online").flatMap { CPUList(list: $0) } }

  /// `numbers` as a set, if all of them are there: the kernel takes some that are not, and steers past them.
  static func check(_ numbers: [Int], for device: String) throws(PortError) -> CPUList {
    let online = online
    let missing = numbers.filter { number in number < 0 || online.map { !$0.numbers.contains(number) } ?? false }
    let there = online.map { "; there are \($0.list)" } ?? ""
    guard missing.isEmpty, let cpus = CPUList(numbers) else {
      let first = missing.first ?? numbers.max() ?? 0
      throw .invalid("rps_cpus of \(device): this machine has no CPU \(first) that is on\(there)", fix: nil)
    }
    return cpus
  }

  /// How many threads forward where nobody says otherwise: the kernel's work for each frame is done on other cores than
  /// that which reads it, so on few of them a second thread takes from what it is to serve.
  package static var workers: Int { available < 4 ? 1 : min(8, available / 2) }

  /// How many microseconds a worker looks for frames before it sleeps where nobody says otherwise.
  package static var spin: Int { available < 4 ? 0 : 50 }
}
