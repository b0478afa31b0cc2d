// A batch of frames on its way to one port, as the data plane handles it.

import Offload
import Wire

/// The caller in small: a batch of frames for one port goes through, with up to eight pending.
struct MergeBatch {
  var written: [[UInt8]] = []
  var merged = 0
  private var pending: [Pending] = []

  @safe
  private struct Pending {
    var frame: MergedFrame
    let memory: UnsafeMutableRawPointer
  }

  static func candidate(_ octets: [UInt8]) -> MergeCandidate? {
    let frame = Array(octets.dropFirst(12))
    guard let header = try? FrameHeader(parsing: frame), let raw = try? VirtioNetHeader(parsing: octets),
      case .accepted(let clean, _) = OffloadCheck.validate(raw, frame: frame, header: header)
    else { return nil }
    return unsafe frame.withUnsafeBytes { bytes in
      unsafe MergeCandidate(frame: bytes, offload: clean, header: header)
    }
  }

  mutating func offer(_ octets: [UInt8]) {
    guard let candidate = MergeBatch.candidate(octets) else {
      flush()
      written.append(octets)
      return
    }
    if let index = pending.firstIndex(where: { $0.frame.sameFlow(candidate) }) {
      switch append(octets, candidate, at: index) {
      case .merged: return
      case .mergedAndFull:
        finish(at: index)
        return
      case .refused: finish(at: index)
      case .otherFlow: break
      }
    }
    guard candidate.mayLead else {
      written.append(octets)
      return
    }
    if pending.count == 8 { finish(at: 0) }
    begin(octets, candidate)
  }

  mutating func flush() {
    while !pending.isEmpty { finish(at: 0) }
  }

  private mutating func begin(_ octets: [UInt8], _ candidate: MergeCandidate) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 65_600, alignment: 16)
    unsafe octets.withUnsafeBytes {
      unsafe memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
    }
    let frame = unsafe MergedFrame(start: memory, capacity: 65_600, count: octets.count, candidate: candidate)
    unsafe pending.append(Pending(frame: frame, memory: memory))
  }

  private mutating func append(_ octets: [UInt8], _ candidate: MergeCandidate, at index: Int) -> MergeOutcome {
    let frame = Array(octets[12...])
    return unsafe frame.withUnsafeBytes { unsafe pending[index].frame.append(candidate, frame: $0) }
  }

  private mutating func finish(at index: Int) {
    let done = pending.remove(at: index)
    let count = done.frame.finish().count
    if done.frame.frames > 1 { merged += done.frame.frames }
    unsafe written.append(Array(UnsafeRawBufferPointer(start: done.memory, count: count)))
    unsafe done.memory.deallocate()
  }

  /// All of `frames` in one batch.
  static func run(_ frames: [[UInt8]]) -> MergeBatch {
    var batch = MergeBatch()
    for frame in frames { batch.offer(frame) }
    batch.flush()
    return batch
  }
}
