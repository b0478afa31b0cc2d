// Lists and masks of CPUs: what the kernel writes is read, what we write the kernel reads, nothing else passes.

import Testing

@testable import LinuxIO

struct CPUListTests {
  @Test(
    arguments: [
      ([], "", "0"), ([0], "0", "1"), ([0, 1], "0-1", "3"), ([0, 2], "0,2", "5"), ([31], "31", "80000000"),
      ([32], "32", "1,00000000"), ([1, 33], "1,33", "2,00000002"), ([0, 1, 2, 5, 7, 8], "0-2,5,7-8", "1a7"),
      ([95], "95", "80000000,00000000,00000000"),
    ] as [([Int], String, String)])
  func forms(_ numbers: [Int], _ list: String, _ mask: String) throws {
    let cpus = try #require(CPUList(numbers.reversed() + numbers))
    #expect(cpus.numbers == numbers && cpus.list == list && cpus.mask == mask)
    #expect(CPUList(list: list + "\n") == cpus && CPUList(mask: mask + "\n") == cpus)
  }

  /// More words than needed, as kernels for many CPUs show them.
  @Test func leadingZeros() {
    #expect(CPUList(mask: "00000000,00000000,00000003") == CPUList([0, 1]))
    #expect(CPUList(mask: "00000000") == CPUList.none)
  }

  @Test(arguments: [
    "", ",", "x", "1,,2", "-1", "+1", "0x3", "1 2", "123456789", "é", "1\n2", String(repeating: "0,", count: 300) + "1",
  ])
  func noMask(_ text: String) { #expect(CPUList(mask: text) == nil) }

  @Test(arguments: ["x", "1-", "-1", "3-1", "1-2-3", "0 1", "8192", "0-99999999", "+1", "1;2", "0x1"])
  func noList(_ text: String) { #expect(CPUList(list: text) == nil) }

  @Test func outOfRange() { #expect(CPUList([-1]) == nil && CPUList([8192]) == nil && CPUList([8191]) != nil) }

  /// Random sets survive both forms.
  @Test func thereAndBack() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var state = seed
    func next() -> Int {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      return Int(state >> 33)
    }
    for _ in 0..<500 {
      let cpus = CPUList((0..<next() % 40).map { _ in next() % (next() % 2 == 0 ? 64 : CPUList.limit) })
      #expect(cpus != nil)
      guard let cpus else { continue }
      #expect(CPUList(mask: cpus.mask) == cpus && CPUList(list: cpus.list) == cpus, "seed \(seed)")
    }
  }
}
