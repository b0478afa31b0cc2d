// Coalescing: frames of one flow that arrived in one batch become one frame that stands for them all, which any kernel
// would cut into the same frames again. The rules are those of Linux's receive offload. It must not hold a frame back:
// when to finish is the caller's.

internal import Wire

/// What became of a frame that was offered to a `MergedFrame`.
public enum MergeOutcome: Sendable, BitwiseCopyable {
  /// It is part of the merged frame now.
  case merged
  /// It is part, and the last: short, with PSH or FIN, or no room for another.
  case mergedAndFull
  /// It belongs to the flow, but not to this frame: the merged frame must be written first, then it.
  case refused
  /// It belongs to another flow and may be written before or after.
  case otherFlow
}

/// A frame under construction in a buffer of its own, `[12-octet offload header | frame]`. The buffer belongs to the caller,
/// must outlive it, and is written only by `append` that merges and by `finish`.
@safe
public struct MergedFrame: BitwiseCopyable {
  /// Octets of the largest IP packet.
  static let largestPacket = 65_535

  /// As of all frames in it.
  public let flow: UInt64

  let start: UnsafeMutableRawPointer
  let lead: MergeCandidate
  /// How long offload header and frame may become.
  private let limit: Int
  /// Octets of offload header and frame.
  public internal(set) var count: Int
  /// Frames merged: 1 at first.
  public internal(set) var frames: Int
  /// Segments the frame stands for.
  public internal(set) var segments: Int
  /// Nothing more may be appended.
  public internal(set) var isFull: Bool
  /// The first one's checksum is known to be right.
  var isVerified: Bool
  /// IPv4's identification does not count up, in packets that nobody may fragment.
  var isFixed = false

  /// Begins with a frame that is there already.
  /// - Parameters:
  ///   - start: the offload header, with the frame behind it.
  ///   - capacity: octets that may be written from `start` on.
  ///   - count: octets of offload header and frame.
  ///   - candidate: made of this frame. Where it may not lead, every frame of its flow is refused.
  public init(start: UnsafeMutableRawPointer, capacity: Int, count: Int, candidate: MergeCandidate) {
    unsafe self.start = start
    self.count = count
    lead = candidate
    flow = candidate.flow
    limit = min(capacity, VirtioNetHeader.size &+ candidate.network &+ MergedFrame.largestPacket)
    frames = 1
    segments = candidate.segments
    isVerified = candidate.isPartial
    isFull = true
    isFull = !candidate.mayLead || count != VirtioNetHeader.size &+ candidate.count || !hasRoom
  }

  /// Same flow: the candidate's frame must not be written before this one.
  @inlinable @inline(__always)
  public func sameFlow(_ candidate: MergeCandidate) -> Bool { flow == candidate.flow }

  /// Another whole segment fits.
  private var hasRoom: Bool {
    count &+ lead.segmentSize <= limit && (lead.isTCP || segments < OffloadCheck.maximumDatagrams)
  }

  /// Takes the payload of `frame`, where the result still stands for just the frames that came.
  /// - Parameters:
  ///   - next: made of `frame`.
  ///   - frame: from its destination address on, without offload header, in other memory than the merged one.
  /// - Returns: what became of it. Unless merged, nothing was changed.
  public mutating func append(_ next: MergeCandidate, frame: UnsafeRawBufferPointer) -> MergeOutcome {
    guard flow == next.flow else { return .otherFlow }
    guard !isFull, next.isMergeable, frame.count == next.count, let bytes = frame.baseAddress else { return .refused }
    guard continues(next), unsafe equalHeaders(UnsafeRawPointer(start + VirtioNetHeader.size), bytes) else {
      return .refused
    }
    let together = segments &+ next.segments
    let length = count &+ next.payload
    guard length <= limit, lead.isTCP || together <= OffloadCheck.maximumDatagrams else { return .refused }
    guard let fixed = identification(next) else { return .refused }
    // last, since it alone reads the payload: a bad checksum stays with its frame
    guard verifyLead(), unsafe next.isPartial || MergedFrame.verify(next, bytes) else { return .refused }

    unsafe (start + count).copyMemory(from: bytes + next.headers, byteCount: next.payload)
    count = length
    segments = together
    frames &+= 1
    isFixed = fixed
    let ending = next.flags & TCPFlag.ending
    if ending != 0 {
      let position = VirtioNetHeader.size &+ lead.transport &+ 13
      unsafe start.storeBytes(of: lead.flags | ending, toByteOffset: position, as: UInt8.self)
    }
    isFull = ending != 0 || next.payload != lead.segmentSize &* next.segments || !hasRoom
    return isFull ? .mergedAndFull : .merged
  }

  /// Makes the headers true of the whole: lengths, checksums, offload header. A frame that stayed alone is left exactly as it came.
  /// - Returns: octets of offload header and frame, and the segments that the frame stands for.
  @discardableResult
  public func finish() -> (count: Int, segments: Int) {
    if frames > 1 { complete() }
    return (count, segments)
  }
}

// MARK: - Headers of the whole

extension MergedFrame {
  private func complete() {
    let frame = unsafe start + VirtioNetHeader.size
    let ip = unsafe frame + lead.network
    let transport = unsafe frame + lead.transport
    let packet = count &- VirtioNetHeader.size &- lead.network
    let length = count &- VirtioNetHeader.size &- lead.transport
    if lead.isIPv6 {
      unsafe ip.store(number: length, at: 4)
    } else {
      unsafe ip.store(number: packet, at: 2)
      unsafe ip.store(word: 0, at: 10)
      var sum = MergeSum()
      unsafe sum.addHeader(UnsafeRawPointer(ip))
      unsafe ip.store(word: ~sum.value, at: 10)
    }
    if !lead.isTCP { unsafe transport.store(number: length, at: 4) }

    let field = lead.isTCP ? TCPHeader.checksumOffset : UDPHeader.checksumOffset
    var sum = MergeSum()
    unsafe sum.addPseudoHeader(
      UnsafeRawPointer(ip), isIPv6: lead.isIPv6, protocol: lead.ipProtocol, length: length)
    unsafe transport.store(word: sum.value, at: Int(field))

    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.gsoType = segmentType
    header.headerLength = UInt16(truncatingIfNeeded: lead.headers)
    header.gsoSize = UInt16(truncatingIfNeeded: lead.segmentSize)
    header.checksumStart = UInt16(truncatingIfNeeded: lead.transport)
    header.checksumOffset = field
    unsafe header.store(to: UnsafeMutableRawBufferPointer(start: start, count: VirtioNetHeader.size))
  }

  private var segmentType: UInt8 {
    guard lead.isTCP else { return VirtioNetHeader.gsoUDPL4 }
    let kind = lead.isIPv6 ? VirtioNetHeader.gsoTCPv6 : VirtioNetHeader.gsoTCPv4
    return lead.flags & TCPFlag.cwr != 0 ? kind | VirtioNetHeader.gsoECN : kind
  }
}

extension UnsafeMutableRawPointer {
  /// Stores a number big-endian.
  @inline(__always)
  fileprivate func store(number: Int, at offset: Int) {
    unsafe store(word: UInt16(truncatingIfNeeded: number).bigEndian, at: offset)
  }
  /// Stores a word as it is.
  @inline(__always)
  fileprivate func store(word: UInt16, at offset: Int) {
    unsafe storeBytes(of: word, toByteOffset: offset, as: UInt16.self)
  }
}
