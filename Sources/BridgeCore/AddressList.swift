// The addresses a port may send from (`allow_mac`). Built by the control thread, never changed once built; a policy
// bears the handle. Holding unsafe memory, it must not be read after `deallocate`.

public import Wire

/// A handle on an immutable set of addresses, or on none, which allows any.
///
/// One block of words: how many addresses, a multiplier, a shift, then a hash table with room for four times as many, in
/// which an address stands at or soon behind its place and 0 ends a search. Of 16 multipliers that one was taken which
/// leaves the shortest runs, so what a search costs depends neither on the list's length nor on what a guest sends.
/// The handle may be copied; whoever allocated it frees it, once every worker has been given another policy. The bridge
/// never does.
@safe
public struct AddressList: @unchecked Sendable, BitwiseCopyable, Equatable {
  public let base: UnsafeMutablePointer<UInt64>?

  /// No list: every address is allowed.
  @inlinable public static var any: AddressList { unsafe AddressList(base: nil) }

  /// Builds a list, which may be empty: then no address is allowed. Zero and group addresses, which no frame can come
  /// from, are left out. Control thread only: it allocates up to 80 octets for each address.
  public static func allocate(_ addresses: some Sequence<MACAddress>) -> AddressList {
    let known = Set(addresses.filter { !$0.isGroup && !$0.isZero }).map(\.bits).sorted()
    var shift: UInt64 = 63
    while 1 << (64 - shift) < 4 * known.count { shift -= 1 }
    let length = 1 << Int(64 - shift) + known.count + 1
    var best: (table: [UInt64], factor: UInt64, run: Int) = ([], 0, .max)
    var factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<16 where best.run > 1 {
      let (table, run) = lay(known, factor, shift, length)
      if run < best.run { best = (table, factor, run) }
      factor = factor &* 0xD134_2543_DE82_EF95 | 1
    }
    let base = UnsafeMutablePointer<UInt64>.allocate(capacity: 3 + length)
    for (index, word) in ([UInt64(known.count), best.factor, shift] + best.table).enumerated() {
      unsafe (base + index).initialize(to: word)
    }
    return unsafe AddressList(base: base)
  }

  /// The table that a multiplier makes, and how many slots the longest search in it looks at.
  private static func lay(
    _ known: [UInt64], _ factor: UInt64, _ shift: UInt64, _ length: Int
  ) -> (table: [UInt64], run: Int) {
    var table = [UInt64](repeating: 0, count: length)
    for address in known {
      var slot = Int((address &* factor) >> shift)
      while table[slot] != 0 { slot += 1 }
      table[slot] = address
    }
    var longest = 1
    var run = 1
    for word in table {
      run = word == 0 ? 1 : run + 1
      longest = max(longest, run)
    }
    return (table, longest)
  }

  @inlinable
  init(base: UnsafeMutablePointer<UInt64>?) { unsafe self.base = base }

  /// Frees the memory, if there is any. To be called once, when no worker can see the list any more.
  public func deallocate() { unsafe base?.deallocate() }

  /// There is no list.
  @inlinable public var isAny: Bool { unsafe base == nil }

  /// How many addresses are in the list; nil if there is none.
  public var count: Int? { unsafe base.map { unsafe Int(truncatingIfNeeded: $0[0]) } }

  /// Whether a frame from this address may pass.
  @inlinable @inline(__always)
  public func allows(_ address: MACAddress) -> Bool {
    guard let base = unsafe base else { return true }
    let wanted = address.bits
    var place = unsafe base + 3 + Int(truncatingIfNeeded: (wanted &* base[1]) &>> base[2])
    while unsafe place.pointee != wanted {
      if unsafe place.pointee == 0 { return false }
      unsafe place += 1
    }
    return wanted != 0
  }

  /// Two handles on the same memory.
  public static func == (a: AddressList, b: AddressList) -> Bool { unsafe a.base == b.base }
}
