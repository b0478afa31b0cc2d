// The sum that is taken while a payload is copied, and the one that is only taken: against the plain definition, at
// lengths that the loops of both divide in every way.

import Offload
import Testing
import Wire

@Suite struct SegmentSumTests {
  private static func copied(_ bytes: [UInt8]) -> (sum: InternetSum, copy: [UInt8]) {
    var sum = InternetSum()
    var copy = [UInt8](repeating: 0xEE, count: bytes.count + 8)
    unsafe bytes.withUnsafeBytes { source in
      unsafe copy.withUnsafeMutableBytes { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe sum.add(copying: from, to: to, count: bytes.count)
      }
    }
    return (sum, copy)
  }

  private static func examine(_ bytes: [UInt8]) -> Bool {
    let expected = naiveSum(bytes)
    var plain = InternetSum()
    plain.add(bytes, 0..<bytes.count)
    let (sum, copy) = copied(bytes)
    return Int(plain.value) == expected && Int(sum.value) == expected
      && copy == bytes + [UInt8](repeating: 0xEE, count: 8)
  }

  @Test(arguments: SeededGenerator.seeds) func everyLength(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for length in 0...300 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(SegmentSumTests.examine(bytes), "seed \(seed) length \(length)")
    }
  }

  /// Every lane carries at every step.
  @Test(arguments: [31, 32, 33, 1448, 65_535, 65_536, 200_001]) func allOnes(length: Int) {
    #expect(SegmentSumTests.examine([UInt8](repeating: 0xFF, count: length)))
    #expect(SegmentSumTests.examine([UInt8](repeating: 0, count: length)))
    // the upper halves alone, then the lower ones alone
    #expect(SegmentSumTests.examine((0..<length).map { $0 % 8 < 4 ? 0 : 0xFF }))
    #expect(SegmentSumTests.examine((0..<length).map { $0 % 8 < 4 ? 0xFF : 0 }))
  }

  @Test func sumsAreAdded() {
    var one = InternetSum()
    one.add([0xFF, 0xFE, 0, 3] as [UInt8], 0..<4)
    var other = InternetSum()
    other.add(0xABCD_1234 as UInt32)
    one.add(other)
    #expect(Int(one.value) == naiveSum([0xFF, 0xFE, 0, 3, 0xAB, 0xCD, 0x12, 0x34]))
  }
}
