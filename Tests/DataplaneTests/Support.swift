// What the tests of this module share: seeded randomness, short names, waiting with an end.

import BridgeCore
import Glibc
import LinuxIO
import Synchronization
import Testing
import Wire

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Seeds that never change, and one that nobody chose. Printed, so that a failure can be repeated.
let seeds: [UInt64] = {
  let fresh = UInt64.random(in: 1...UInt64.max)
  print("DataplaneTests: fresh seed \(fresh)")
  return [1, 2, 20_261_123, fresh]
}()

func port(_ slot: Int) -> PortIndex { PortIndex(rawValue: UInt16(slot)) }
func mac(_ bits: UInt64) -> MACAddress { MACAddress(bits: bits) }
/// A station's address, locally administered.
func station(_ number: Int) -> MACAddress { mac(0x0200_0000_0000 + UInt64(number)) }

/// What took too long.
struct TimedOut: Error, CustomStringConvertible {
  let description: String
}

/// Waits until `condition` holds, looking often at first, for at most `seconds`.
func until(
  _ what: @autoclosure () -> String, seconds: UInt64 = 20, _ condition: () throws -> Bool
) async throws {
  let end = Clock.monotonic() + seconds * 1_000_000_000
  var looks = 0
  while try !condition() {
    try Task.checkCancellation()
    guard Clock.monotonic() < end else { throw TimedOut(description: "not within \(seconds) s: \(what())") }
    looks += 1
    if looks < 50 { await Task.yield() } else { try await Task.sleep(nanoseconds: 200_000) }
  }
}

/// Whether `descriptor` can be read within `milliseconds`.
func isReadable(_ descriptor: Int32, within milliseconds: Int32 = 0) -> Bool {
  var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&waiting, 1, milliseconds) == 1
}

/// Something that several threads add to.
final class Box<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>
  init(_ value: Value) { mutex = Mutex(value) }
  var value: Value { mutex.withLock { $0 } }
  func change(_ body: (inout Value) -> Void) {
    mutex.withLock { value in
      var copy = value
      body(&copy)
      value = copy
    }
  }
}

/// Gives the processor away for a moment.
func rest() { usleep(50) }

/// Runs `body` on `count` threads of the system, and `meanwhile` on this one; when that fails, `isOver` says so.
func withThreads(
  _ count: Int, _ body: @escaping @Sendable (Int, _ isOver: () -> Bool) -> Void, meanwhile: () throws -> Void
) throws {
  let running = Running(count)
  for index in 0..<count {
    try SystemThread(name: "test-\(index)") {
      body(index) { running.isOver.load(ordering: .relaxed) }
      running.count.subtract(1, ordering: .releasing)
    }.detach()
  }
  let result = Result { try meanwhile() }
  if case .failure = result { running.isOver.store(true, ordering: .relaxed) }
  while running.count.load(ordering: .acquiring) > 0 { rest() }
  try result.get()
}

private final class Running: Sendable {
  let count: Atomic<Int>
  let isOver = Atomic<Bool>(false)
  init(_ count: Int) { self.count = Atomic(count) }
}
