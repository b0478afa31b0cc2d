// Beside Delivery.transmit, for ports that may be sent only so much: any worker sends to any port, so what they share
// is one atomic word for each port, and nobody waits for another.

internal import Synchronization

/// The moments at which the buckets of all ports were last empty, in nanoseconds: a bucket holds what has come in since
/// then, and no more than its depth (the virtual scheduling of ITU-T I.371, with debt). A handle on memory that is
/// freed once, after all workers have ended.
@safe
struct OutputClocks: @unchecked Sendable, BitwiseCopyable {
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let slots: Int
  /// Words from one port to the next: a cache line.
  private static var stride: Int { 8 }

  init(slots: Int) throws(PageMemoryError) {
    self.slots = slots
    let memory = try unsafe mapPages(slots * OutputClocks.stride * 8)
    // All-zero bytes are the value 0 of an Atomic<UInt64>: empty so long ago that it is full.
    unsafe words = memory.bindMemory(to: Atomic<UInt64>.self, capacity: slots * OutputClocks.stride)
  }

  func deallocate() { unsafe unmapPages(UnsafeMutableRawPointer(words), slots * OutputClocks.stride * 8) }

  /// The word of a slot, which must be below the number of slots.
  subscript(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { unsafe words + slot &* OutputClocks.stride }
}

/// The limit of what goes out to one port, as one worker keeps it.
struct OutputRate: BitwiseCopyable {
  /// Bits a second; 0 only where no rate is set.
  private let rate: UInt64
  /// Configured octets of burst; 0 for the default.
  private let octets: UInt64
  /// Nanoseconds in which a full bucket empties.
  private let depth: UInt64
  /// What was cut off when the last frame's time was rounded to nanoseconds, in bits by 10⁻⁹ s: so the rate is exact.
  private var rest: UInt64 = 0

  /// None.
  init() {
    rate = 0
    octets = 0
    depth = 0
  }

  /// - Parameters:
  ///   - rate: bits a second; 0 is taken as 1.
  ///   - burst: octets; 0 for the default.
  init(rate: UInt64, burst: UInt64) {
    self.rate = max(1, rate)
    octets = burst
    let full = Burst.bits(self.rate, octets: burst).multipliedFullWidth(by: 1_000_000_000)
    depth =
      full.high < self.rate ? min(self.rate.dividingFullWidth(full).quotient, OutputRate.origin) : OutputRate.origin
  }

  /// Time 0 as it stands in the words: so far up that a full bucket, which is empty since long ago, lies above 0.
  private static var origin: UInt64 { 1 << 62 }

  func isSame(rate: UInt64, burst: UInt64) -> Bool { self.rate == rate && octets == burst }

  /// Takes a frame out of the bucket. It passes while there is anything in it, and may leave a debt.
  /// - Parameters:
  ///   - length: octets of the frame.
  ///   - empty: the port's word of `OutputClocks`.
  ///   - time: monotonic nanoseconds. Workers' readings differ by a wake-up; one that is behind sees the less in the
  ///     bucket.
  mutating func passes(_ length: Int, _ empty: UnsafeMutablePointer<Atomic<UInt64>>, at time: UInt64) -> Bool {
    guard rate != 0 else { return true }
    let now = OutputRate.origin &+ min(time, OutputRate.origin)
    let floor = now &- depth
    let (cost, left) = (UInt64(length) &* 8_000_000_000 &+ rest).quotientAndRemainder(dividingBy: rate)
    var seen = unsafe empty.pointee.load(ordering: .relaxed)
    while seen < now {
      let (exchanged, original) = unsafe empty.pointee.weakCompareExchange(
        expected: seen, desired: max(seen, floor) &+ cost, ordering: .relaxed)
      if exchanged {
        rest = left
        return true
      }
      seen = original
    }
    return false
  }
}
