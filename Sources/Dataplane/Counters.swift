// What is counted for each port. Each worker has counters of its own for every port, any thread reads them; nothing is
// locked, so a reader sees each counter right and their sum exact once traffic rests (the ledger of the contract).

package import BridgeCore
internal import Glibc
internal import Synchronization

/// The counters of a port that are no drops, in the order in which they lie in memory.
package enum Counter: Int, CaseIterable, Sendable, BitwiseCopyable {
  /// Frames, bytes (without FCS and offload header) and wire segments from the port into the switch.
  case rxFrames, rxBytes, rxSegments
  /// … and out of the switch to the port.
  case txFrames, txBytes, txSegments
  /// Received frames that went to one port, to a flood set, or to the switch itself.
  case forwarded, flooded, consumed
  /// Copies attempted for flooded frames of this port; frames the switch itself made for it.
  case floodCopies, originated
  /// Frames joined into another before writing; extra frames made by segmentation.
  case merged, split

  static var count: Int { Counter.split.rawValue + 1 }
}

/// The counters of all port slots in one mapping, touched only where a port is used.
@safe
package final class Counters: @unchecked Sendable {
  /// Counter, then drops by reason, then the time of the last drop by reason (nanoseconds since 1970).
  static var dropBase: Int { Counter.count }
  static var timeBase: Int { dropBase + DropReason.count }
  static var stride: Int { (timeBase + DropReason.count + 7) & ~7 }

  /// The front of the last frame for each port and reason.
  package let lastFrames: LastFrames
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let byteCount: Int
  private let slots: Int
  private let workers: Int

  /// - Parameters:
  ///   - slots: how many port slots there are.
  ///   - workers: how many threads count, each for itself.
  package init(slots: Int, workers: Int = 1) throws(PageMemoryError) {
    self.slots = slots
    self.workers = max(1, workers)
    byteCount = self.workers * slots * Counters.stride * 8
    let lastFrames = try LastFrames(slots: slots)
    let memory: UnsafeMutableRawPointer
    do {
      unsafe memory = try unsafe mapPages(byteCount)
    } catch {
      lastFrames.deallocate()
      throw error
    }
    self.lastFrames = lastFrames
    // All-zero bytes are the value 0 of an Atomic<UInt64>, so fresh pages need no initialisation.
    unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: byteCount / 8)
  }

  deinit {
    unsafe unmapPages(UnsafeMutableRawPointer(words), byteCount)
    lastFrames.deallocate()
  }

  /// The counters of one slot, for the thread that writes them.
  func block(of port: PortIndex, worker: Int = 0) -> CounterBlock {
    unsafe CounterBlock(words: words + (worker * slots + port.slot) * Counters.stride)
  }

  /// What has been counted for `port` up to now.
  package func snapshot(of port: PortIndex) -> CounterSnapshot {
    var snapshot = CounterSnapshot()
    for counter in Counter.allCases {
      snapshot.values[counter.rawValue] = load(port, counter.rawValue)
    }
    for reason in DropReason.allCases {
      let count = load(port, Counters.dropBase + Int(reason.rawValue))
      guard count != 0 else { continue }
      snapshot.drops[reason] = count
      let word = Counters.timeBase + Int(reason.rawValue)
      snapshot.lastDrop[reason] = (0..<workers).map { load(port, word, worker: $0) }.max()
    }
    return snapshot
  }

  /// Back to zero, for a slot that gets another port; nobody may count for it at that time.
  package func reset(_ port: PortIndex) {
    for reason in DropReason.allCases where load(port, Counters.dropBase + Int(reason.rawValue)) != 0 {
      lastFrames.clear(port, reason)
    }
    for worker in 0..<workers {
      let block = unsafe block(of: port, worker: worker)
      for word in 0..<Counters.stride { unsafe block.words[word].store(0, ordering: .relaxed) }
    }
  }

  /// The sum of what all workers counted.
  private func load(_ port: PortIndex, _ word: Int) -> UInt64 {
    (0..<workers).reduce(0) { $0 &+ load(port, word, worker: $1) }
  }

  private func load(_ port: PortIndex, _ word: Int, worker: Int) -> UInt64 {
    unsafe block(of: port, worker: worker).words[word].load(ordering: .relaxed)
  }
}

/// The writing side of one port's counters. One thread writes, so adding needs no locked instruction.
@unsafe
struct CounterBlock: BitwiseCopyable {
  let words: UnsafeMutablePointer<Atomic<UInt64>>

  @inline(__always)
  func add(_ counter: Counter, _ amount: Int = 1) { unsafe bump(counter.rawValue, amount) }

  /// Counts drops and notes when that was, in nanoseconds since 1970.
  @inline(__always)
  func drop(_ reason: DropReason, _ frames: UInt16 = 1, at time: UInt64) {
    unsafe bump(Counters.dropBase &+ Int(reason.rawValue), Int(frames))
    unsafe words[Counters.timeBase &+ Int(reason.rawValue)].store(time, ordering: .relaxed)
  }

  @inline(__always)
  private func bump(_ word: Int, _ amount: Int) {
    let old = unsafe words[word].load(ordering: .relaxed)
    unsafe words[word].store(old &+ UInt64(truncatingIfNeeded: amount), ordering: .relaxed)
  }
}
