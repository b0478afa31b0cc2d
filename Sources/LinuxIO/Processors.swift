// How many cores there are for this process, and what follows from it.

internal import CLinux

package enum Processors {
  /// Cores that the process may run on (sched_getaffinity(2)); 1 where that cannot be known.
  package static var available: Int { max(1, Int(ts_available_processors())) }

  /// How many threads forward where nobody says otherwise: the kernel's work for each frame is done on other cores than
  /// that which reads it, so on few of them a second thread takes from what it is to serve.
  package static var workers: Int { available < 4 ? 1 : min(8, available / 2) }

  /// How many microseconds a worker looks for frames before it sleeps where nobody says otherwise.
  package static var spin: Int { available < 4 ? 0 : 50 }
}
