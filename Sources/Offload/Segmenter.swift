// The stage before PortIO.transmit towards a port that takes no segmentation offload: one frame that stands for several
// is cut into those, as the kernel's GSO does it (net/ipv4/tcp_offload.c, udp_offload.c). It must not judge policy.

public import Wire

/// What a port wants in the checksum field of TCP and UDP.
public enum ChecksumMode: Sendable, BitwiseCopyable {
  /// The checksum itself.
  case complete
  /// The sum of the pseudo header: the port completes it, if `Segmenter.partialHeader` goes in front of each segment.
  case partial
}

/// Cuts a frame that `OffloadCheck` accepted into wire segments, one a call. Nothing is allocated; the frame must
/// stay where it is, unchanged, until the last segment is cut.
///
/// Each segment bears a copy of all headers: tags, IP with options or extension headers, TCP with options. Lengths,
/// IPv4 identification (counted up, DF or not, as Linux does), TCP sequence and checksums are its own. FIN and PSH stand on
/// the last segment only, CWR on the first only (RFC 3168 clause 6.1.2), the other flags on all.
@safe
public struct Segmenter: ~Copyable {
  /// Wire segments in all: 1 to `OffloadCheck.maximumSegments`.
  public let count: Int
  /// Octets of the longest segment: what there must be room for.
  public let largestSegment: Int
  /// The offload header to go in front of each segment in `ChecksumMode.partial`; in `.complete` an empty one belongs there.
  public let partialHeader: VirtioNetHeader

  private let base: UnsafeRawPointer
  private let plan: SegmentPlan
  private var index = 0

  /// - Parameters:
  ///   - frame: from its destination address on, without offload header.
  ///   - offload: as `OffloadCheck` handed it on for this frame; where a tag was popped or pushed since, as moved with it.
  ///   - header: parsed from `frame` as it is now.
  /// - Returns: nil where the headers contradict each other, where `offload` asks for no segments, or where a segment would
  ///   be longer than its IP header can say. What `OffloadCheck` accepted fails by the last only: a stream without a
  ///   length of its own, in segments of more than 65,495 octets (IPv4) or 65,515 (IPv6), less where there are options.
  public init?(frame: UnsafeRawBufferPointer, offload: VirtioNetHeader, header: FrameHeader) {
    guard let start = frame.baseAddress, let plan = unsafe SegmentPlan(frame.bytes, offload, header) else { return nil }
    unsafe base = start
    self.plan = plan
    count = plan.count
    largestSegment = plan.headers &+ min(plan.size, plan.end &- plan.headers)
    var partial = VirtioNetHeader()
    partial.flags = VirtioNetHeader.needsChecksum
    partial.checksumStart = offload.checksumStart
    partial.checksumOffset = offload.checksumOffset
    partialHeader = partial
  }

  /// The same where the frame was changed since its header was parsed, as by `TagEdit`.
  public init?(frame: UnsafeRawBufferPointer, offload: VirtioNetHeader) {
    guard let header = try? unsafe FrameHeader(parsing: frame.bytes) else { return nil }
    unsafe self.init(frame: frame, offload: offload, header: header)
  }

  /// Writes the next segment to the front of `room`, which must not overlap the frame.
  /// - Returns: its octets; 0 after the last, and, with nothing written, where `room` is too small for it: then the
  ///   same segment is next again.
  public mutating func next(into room: UnsafeMutableRawBufferPointer, checksum mode: ChecksumMode) -> Int {
    guard index < count else { return 0 }
    let done = index &* plan.size
    let payload = min(plan.size, plan.end &- plan.headers &- done)
    let length = plan.headers &+ payload
    guard length <= room.count, let target = room.baseAddress else { return 0 }

    unsafe target.copyMemory(from: base, byteCount: plan.headers)
    let from = unsafe base + plan.headers + done
    let to = unsafe target + plan.headers
    var sum = plan.pseudoHeader
    sum.add(UInt32(truncatingIfNeeded: length &- plan.transport))
    if mode == .complete {
      sum.add(plan.transportHeader)
      unsafe sum.add(copying: from, to: to, count: payload)
    } else {
      unsafe to.copyMemory(from: from, byteCount: payload)
    }
    unsafe writeNetwork(room, length: length)
    if plan.isUDP {
      unsafe writeUDP(room, length: length, sum, mode)
    } else {
      unsafe writeTCP(room, sequence: plan.sequence &+ UInt32(truncatingIfNeeded: done), sum, mode)
    }
    index &+= 1
    return length
  }
}

// MARK: - What differs from segment to segment

extension Segmenter {
  @inline(__always)
  private func writeNetwork(_ room: UnsafeMutableRawBufferPointer, length: Int) {
    let network = plan.network
    guard plan.isIPv4 else {
      let payload = length &- network &- IPv6Header.minimumLength
      unsafe room.store16(UInt16(truncatingIfNeeded: payload), at: network &+ 4)
      return
    }
    let total = UInt16(truncatingIfNeeded: length &- network)
    let identification = plan.identification &+ UInt16(truncatingIfNeeded: index)
    var sum = plan.networkHeader
    sum.add(total)
    sum.add(identification)
    unsafe room.store16(total, at: network &+ 2)
    unsafe room.store16(identification, at: network &+ 4)
    unsafe room.store16(sum.checksum, at: network &+ 10)
  }

  /// - Parameter sum: of everything but what is written here.
  @inline(__always)
  private func writeTCP(
    _ room: UnsafeMutableRawBufferPointer, sequence: UInt32, _ sum: InternetSum, _ mode: ChecksumMode
  ) {
    let transport = plan.transport
    var flags = plan.offsetAndFlags
    if index != 0 { flags &= ~SegmentPlan.onFirst }
    if index &+ 1 != count { flags &= ~SegmentPlan.onLast }
    unsafe room.store16(UInt16(truncatingIfNeeded: sequence >> 16), at: transport &+ 4)
    unsafe room.store16(UInt16(truncatingIfNeeded: sequence), at: transport &+ 6)
    unsafe room.store16(flags, at: transport &+ 12)
    var field = sum.value
    if mode == .complete {
      var sum = sum
      sum.add(sequence)
      sum.add(flags)
      field = sum.checksum
    }
    unsafe room.store16(field, at: transport &+ Int(TCPHeader.checksumOffset))
  }

  /// - Parameter sum: of everything but what is written here.
  @inline(__always)
  private func writeUDP(
    _ room: UnsafeMutableRawBufferPointer, length: Int, _ sum: InternetSum, _ mode: ChecksumMode
  ) {
    let datagram = UInt16(truncatingIfNeeded: length &- plan.transport)
    unsafe room.store16(datagram, at: plan.transport &+ 4)
    var field = sum.value
    if mode == .complete {
      var sum = sum
      sum.add(datagram)
      // 0 means that there is none (RFC 768)
      field = sum.checksum == 0 ? 0xFFFF : sum.checksum
    }
    unsafe room.store16(field, at: plan.transport &+ Int(UDPHeader.checksumOffset))
  }
}
