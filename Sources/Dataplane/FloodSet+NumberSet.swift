// A set of ports for the bridge from one of control's: word by word, since a thousand ports that come one by one make
// thousands of sets of hundreds of members.

internal import BridgeCore

extension FloodSet {
  /// As `allocate(members:)` builds it from the ports in `slots`, by the layout that the type documents.
  static func allocate(_ slots: NumberSet) -> FloodSet {
    let words = slots.words
    let base = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 + words.count)
    unsafe base.initialize(to: UInt64(slots.count))
    unsafe (base + 1).initialize(to: UInt64(words.count))
    for index in words.indices { unsafe (base + 2 + index).initialize(to: words[index]) }
    return unsafe FloodSet(base: base)
  }
}
