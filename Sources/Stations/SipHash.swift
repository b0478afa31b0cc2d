// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for short messages whose tags nobody can make without the
// key.

internal import Wire

/// The hash under one key of 128 bits.
struct SipHash: Sendable {
  private let first: UInt64
  private let second: UInt64

  /// - Parameter key: its low 64 bits are the first half, as in the paper's little-endian octets.
  init(key: UInt128) {
    first = UInt64(truncatingIfNeeded: key)
    second = UInt64(truncatingIfNeeded: key >> 64)
  }

  func hash(_ bytes: RawSpan) -> UInt64 {
    var state = State(first, second)
    let count = bytes.byteCount
    var position = 0
    while position + 8 <= count {
      state.take(bytes.uint64(at: position).byteSwapped)
      position += 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    for index in position..<count { last |= UInt64(bytes.byte(at: index)) << UInt64(8 * (index - position)) }
    state.take(last)
    return state.finish()
  }

  private struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(_ first: UInt64, _ second: UInt64) {
      v0 = first ^ 0x736F_6D65_7073_6575
      v1 = second ^ 0x646F_7261_6E64_6F6D
      v2 = first ^ 0x6C79_6765_6E65_7261
      v3 = second ^ 0x7465_6462_7974_6573
    }

    mutating func take(_ word: UInt64) {
      v3 ^= word
      round()
      round()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xFF
      for _ in 0..<4 { round() }
      return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
      v0 &+= v1
      v1 = v1 << 13 | v1 >> 51
      v1 ^= v0
      v0 = v0 << 32 | v0 >> 32
      v2 &+= v3
      v3 = v3 << 16 | v3 >> 48
      v3 ^= v2
      v0 &+= v3
      v3 = v3 << 21 | v3 >> 43
      v3 ^= v0
      v2 &+= v1
      v1 = v1 << 17 | v1 >> 47
      v1 ^= v2
      v2 = v2 << 32 | v2 >> 32
    }
  }
}
