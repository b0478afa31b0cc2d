// The caller of coalescing in small, as the worker has it, with books of what came and what went.

internal import Offload
internal import Wire

/// One batch of frames on its way to one port that takes everything.
struct Batch {
  @safe
  private struct Pending {
    var merged: MergedFrame
    let memory: UnsafeMutableRawPointer
    /// As it was when it was alone.
    let octets: [UInt8]
  }

  /// Frames that may wait at once.
  private static let mostPending = 8
  /// Octets behind the capacity that must stay as they are.
  private static let guarded = 64

  private let capacity: Int
  private var pending: [Pending] = []
  /// Wire frames by flow, since the last frame that was of none.
  private var came: [[UInt8]: [[UInt8]]] = [:]
  private var went: [[UInt8]: [[UInt8]]] = [:]

  init(capacity: Int) { self.capacity = capacity }

  mutating func offer(_ octets: [UInt8]) {
    guard let raw = try? unsafe VirtioNetHeader(parsing: octets.span.bytes) else { return }
    let frame = Array(octets.dropFirst(VirtioNetHeader.size))
    guard let header = frame.header,
      case .accepted(let clean, let segments) = unsafe OffloadCheck.validate(
        raw, frame: frame.span.bytes, header: header)
    else { return }
    let wire = Reference.wire(frame, clean)
    if clean.isSegmented { Batch.checkSegments(frame, clean, segments, wire) }
    let candidate = unsafe frame.withUnsafeBytes { bytes in
      unsafe MergeCandidate(frame: bytes, offload: clean, header: header)
    }
    guard let candidate else { return settle() }
    guard let parts = Parts(frame), let wire else { return require(false, "a candidate has ports and can be cut") }
    came[Reference.flow(frame, parts), default: []] += wire.map(Reference.comparable)
    let whole = Batch.octets(of: clean) + frame
    if let index = pending.firstIndex(where: { $0.merged.sameFlow(candidate) }) {
      switch append(frame, candidate, at: index) {
      case .merged: return
      case .mergedAndFull: return finish(at: index)
      case .refused: finish(at: index)
      case .otherFlow: require(false, "what is of the same flow is not of another")
      }
    }
    guard candidate.mayLead else { return write(whole, segments: segments) }
    if pending.count == Batch.mostPending { finish(at: 0) }
    begin(whole, candidate)
  }

  /// The end of the batch, or a frame that must not pass any other.
  mutating func settle() {
    while !pending.isEmpty { finish(at: 0) }
    require(came == went, "each flow is what it was, in its order")
    came = [:]
    went = [:]
  }

  private mutating func begin(_ octets: [UInt8], _ candidate: MergeCandidate) {
    let room = max(capacity, octets.count)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: room + Batch.guarded, alignment: 16)
    unsafe UnsafeMutableRawBufferPointer(start: memory, count: octets.count).copyBytes(from: octets)
    unsafe (memory + room).initializeMemory(as: UInt8.self, repeating: 0xA5, count: Batch.guarded)
    let merged = unsafe MergedFrame(start: memory, capacity: room, count: octets.count, candidate: candidate)
    unsafe pending.append(Pending(merged: merged, memory: memory, octets: octets))
  }

  private mutating func append(_ frame: [UInt8], _ candidate: MergeCandidate, at index: Int) -> MergeOutcome {
    let before = pending[index].merged
    let outcome = unsafe frame.withUnsafeBytes { unsafe pending[index].merged.append(candidate, frame: $0) }
    let after = pending[index].merged
    let taken = outcome == .merged || outcome == .mergedAndFull
    require(after.frames == before.frames + (taken ? 1 : 0), "each frame is counted")
    require(taken || after.count == before.count && after.segments == before.segments, "refused changes nothing")
    require(!taken || after.isFull == (outcome == .mergedAndFull), "full is said at once")
    return outcome
  }

  private mutating func finish(at index: Int) {
    let done = pending.remove(at: index)
    let (count, segments) = done.merged.finish()
    let room = max(capacity, done.octets.count)
    require(count <= room, "no more than there is room for")
    let beyond = unsafe UnsafeRawBufferPointer(start: done.memory + room, count: Batch.guarded)
    require(unsafe beyond.allSatisfy { $0 == 0xA5 }, "nothing is written beyond the capacity")
    let octets = unsafe Array(UnsafeRawBufferPointer(start: done.memory, count: count))
    unsafe done.memory.deallocate()
    require(done.merged.frames > 1 || octets == done.octets, "a frame that stayed alone is as it came")
    write(octets, segments: segments)
  }

  /// To the port: checked as if it came from one, and taken apart as its kernel would do it.
  private mutating func write(_ octets: [UInt8], segments: Int) {
    let frame = Array(octets.dropFirst(VirtioNetHeader.size))
    guard let offload = try? unsafe VirtioNetHeader(parsing: octets.span.bytes), let header = frame.header else {
      return require(false, "what is written parses")
    }
    let verdict = unsafe OffloadCheck.validate(offload, frame: frame.span.bytes, header: header)
    require(verdict == .accepted(header: offload, segments: segments), "what is written is accepted as it is")
    let pieces = offload.isSegmented ? Batch.cut(frame, offload, .complete) : Reference.wire(frame, offload)
    guard let pieces, let first = pieces.first, let parts = Parts(first) else {
      return require(false, "what is written can be cut")
    }
    went[Reference.flow(first, parts), default: []] += pieces.map(Reference.comparable)
  }
}

// MARK: - The segmenter

extension Batch {
  private static func octets(of header: VirtioNetHeader) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: VirtioNetHeader.size)
    _ = unsafe octets.withUnsafeMutableBytes { unsafe header.store(to: $0) }
    return octets
  }

  /// What the segmenter makes of a frame.
  private static func cut(_ frame: [UInt8], _ offload: VirtioNetHeader, _ mode: ChecksumMode) -> [[UInt8]]? {
    unsafe frame.withUnsafeBytes { bytes in
      guard var segmenter = unsafe Segmenter(frame: bytes, offload: offload) else { return nil }
      var pieces: [[UInt8]] = []
      var room = [UInt8](repeating: 0, count: segmenter.largestSegment)
      while true {
        let count = unsafe room.withUnsafeMutableBytes { unsafe segmenter.next(into: $0, checksum: mode) }
        guard count > 0 else { break }
        pieces.append(Array(room[..<count]))
      }
      require(pieces.count == segmenter.count, "as many segments as were announced")
      require(pieces.map(\.count).max() == segmenter.largestSegment, "the largest segment is as large as announced")
      return pieces
    }
  }

  /// Both ways of cutting a frame that was accepted, against the reference.
  private static func checkSegments(
    _ frame: [UInt8], _ offload: VirtioNetHeader, _ segments: Int, _ wire: [[UInt8]]?
  ) {
    let pieces = cut(frame, offload, .complete)
    require(pieces?.map(Reference.comparable) == wire?.map(Reference.comparable), "segments are what a kernel cuts")
    guard let pieces, let partial = cut(frame, offload, .partial) else { return }
    require(pieces.count == segments && partial.count == segments, "as many segments as were accepted")
    guard
      let front = unsafe frame.withUnsafeBytes({ bytes in
        unsafe Segmenter(frame: bytes, offload: offload)?.partialHeader
      })
    else { return require(false, "what was cut once is cut again") }
    for (whole, var piece) in zip(pieces, partial) {
      guard let header = piece.header else { return require(false, "a segment parses") }
      let verdict = unsafe OffloadCheck.validate(front, frame: piece.span.bytes, header: header)
      require(verdict == .accepted(header: front, segments: 1), "a partial segment is accepted as it is")
      let completed = unsafe piece.withUnsafeMutableBytes { unsafe Checksum.complete($0, front) }
      require(completed, "a partial checksum can be completed")
      require(Reference.comparable(piece) == Reference.comparable(whole), "both ways come to the same")
    }
  }
}
