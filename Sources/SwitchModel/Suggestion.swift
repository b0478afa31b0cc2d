// "did you mean": the nearest known word. Bounded: words that are too long are never compared.

package enum Suggestion {
  /// The candidate with the least edit distance to `word`, if that is small against its length; the first of equals.
  package static func nearest(to word: String, among candidates: [String]) -> String? {
    let word = Array(word.lowercased().utf8)
    guard !word.isEmpty, word.count <= 40 else { return nil }
    var best: (text: String, distance: Int)?
    for candidate in candidates {
      let distance = editDistance(word, Array(candidate.utf8))
      let allowed = candidate.utf8.count <= 3 ? 1 : max(2, candidate.utf8.count / 3)
      guard distance <= allowed, distance < max(word.count, candidate.utf8.count) else { continue }
      if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.text
  }

  /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
  static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      for j in b.indices {
        var best = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        current.append(best)
      }
      beforeLast = last
      last = current
    }
    return last[b.count]
  }
}
