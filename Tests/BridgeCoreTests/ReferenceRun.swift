// A sequence of steps done to both bridges, and a failure made small: steps are left out as long as it still fails.

import BridgeCore
import Testing
import Wire

struct ReferenceRun {
  let seed: UInt64
  let steps: [ReferenceStep]

  struct Failure {
    /// Index of the step after which the bridges differed.
    let step: Int
    let difference: String
  }

  /// - Returns: the first difference, if there is one.
  func perform(seen: inout [String: Int]) -> Failure? {
    var world = ReferenceWorld(seed: seed)
    defer { seen.merge(world.seen) { $0 + $1 } }
    for (index, step) in steps.enumerated() {
      if let difference = world.perform(step) { return Failure(step: index, difference: difference) }
      if index % 16 == 15 || index == steps.count - 1, let difference = world.compareTables() {
        return Failure(step: index, difference: "tables: \(difference)")
      }
    }
    return nil
  }

  /// The same failure with as few steps as can be found in some hundred tries.
  func shrunk(_ failure: Failure) -> (ReferenceRun, Failure) {
    var best = ReferenceRun(seed: seed, steps: Array(steps.prefix(failure.step + 1)))
    var found = failure
    var ignored: [String: Int] = [:]
    var tries = 600
    var length = max(1, best.steps.count / 2)
    while tries > 0 {
      var start = 0
      var isSmaller = false
      while start < best.steps.count, tries > 0 {
        tries -= 1
        let fewer = Array(best.steps[..<start] + best.steps[min(start + length, best.steps.count)...])
        let run = ReferenceRun(seed: seed, steps: fewer)
        if !fewer.isEmpty, let smaller = run.perform(seen: &ignored) {
          best = ReferenceRun(seed: seed, steps: Array(fewer.prefix(smaller.step + 1)))
          found = smaller
          isSmaller = true
        } else {
          start += length
        }
      }
      if length == 1, !isSmaller { break }
      length = max(1, length / 2)
    }
    return (best, found)
  }

  /// Runs, and records a failure as a trace that a person can read.
  /// - Returns: whether it passed.
  @discardableResult
  func check(seen: inout [String: Int], sourceLocation: SourceLocation = #_sourceLocation) -> Bool {
    guard let failure = perform(seen: &seen) else { return true }
    let (run, difference) = shrunk(failure)
    let lines = run.steps.enumerated().map { "  \($0 + 1). \($1)" }
    let text = ["seed \(seed), \(run.steps.count) of \(steps.count) steps"] + lines + ["  => \(difference.difference)"]
    Issue.record(Comment(rawValue: text.joined(separator: "\n")), sourceLocation: sourceLocation)
    return false
  }
}
