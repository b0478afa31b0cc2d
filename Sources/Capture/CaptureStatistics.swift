// What is known of a running capture by anybody who asks, and where its thread notes it.

internal import Synchronization

/// How a capture is doing.
package enum CaptureState: Sendable, Equatable {
  case writing
  /// Writing goes on, but nobody will see it: the file was deleted underneath.
  case deleted
  /// No space, no quota, or a limit on file sizes: frames are lost until there is space again.
  case full(String)
  /// Writing fails for another reason: frames are lost until it works again.
  case failed(String)
  case stopped

  /// For people.
  package var text: String {
    switch self {
    case .writing: "writing"
    case .deleted: "writing, but the file was deleted: what is captured is lost when the capture ends"
    case .full(let why): "full: \(why)"
    case .failed(let why): "error: \(why)"
    case .stopped: "stopped"
    }
  }
}

/// The counts of a capture. `frames + lost` is what was offered, once nothing waits in the ring.
package struct CaptureStatistics: Sendable, Equatable {
  /// Absolute.
  package let path: String
  /// Frames written.
  package let frames: UInt64
  /// Octets of frames written.
  package let bytes: UInt64
  /// Frames that should be in the file and are not: the ring or the disk was full.
  package let lost: UInt64
  /// Octets of the file, headers included.
  package let fileSize: UInt64
  package let state: CaptureState
}

/// Written by the capture's thread once a batch, read by anybody.
final class CaptureLedger: Sendable {
  let frames = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  /// Frames that were in the ring and did not reach the file.
  let lost = Atomic<UInt64>(0)
  let fileSize = Atomic<UInt64>(0)
  let stopping = Atomic<Bool>(false)
  private let state = Mutex(CaptureState.writing)

  var currentState: CaptureState { state.withLock { $0 } }

  /// Returns whether it is another state than before.
  func note(_ new: CaptureState) -> Bool {
    state.withLock { state in
      guard state != new else { return false }
      state = new
      return true
    }
  }
}
