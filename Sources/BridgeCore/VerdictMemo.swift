// What `decide` said a moment ago: frames come in trains between the same two stations, and for all but the first the
// verdict is known. It must never be believed longer than what it was made from stays as it was.

public import Wire

/// The last verdicts of each port, four lines a port, chosen by the addresses.
///
/// A line holds a verdict to one port whose source needed no teaching. It is good only while nothing in table or
/// policies has changed (`TableState.changes`) and the tick is the same: ageing and refreshing are then looked at again.
@safe
public struct VerdictMemo: @unchecked Sendable, BitwiseCopyable {
  /// 32 octets: two to a cache line.
  public struct Line: BitwiseCopyable {
    /// Destination in the high 48 bits, tag control information in the low 16.
    public var destination: UInt64 = 0
    /// Source in the high 48 bits, tag protocol identifier in the low 16; 0 where there is no tag.
    public var source: UInt64 = 0
    /// Changes in the high 32 bits, tick in the low 32; 0 is never a valid stamp.
    public var stamp: UInt64 = 0
    public var port = PortIndex(rawValue: 0)
    public var vlan: UInt16 = 0

    @inlinable
    public init() {}

    @inlinable @inline(__always)
    public init(_ header: FrameHeader, stamp: UInt64) {
      let tagged = header.tagCount != 0
      destination = header.destination.bits &<< 16 | UInt64(tagged ? header.outerTag.tci : 0)
      source = header.source.bits &<< 16 | UInt64(tagged ? header.outerTag.tpid.rawValue : 0)
      self.stamp = stamp
    }

    @inlinable @inline(__always)
    public func matches(_ other: Line) -> Bool {
      (destination ^ other.destination) | (source ^ other.source) | (stamp ^ other.stamp) == 0
    }
  }

  @inlinable static var linesPerPort: Int { 4 }
  public let lines: UnsafeMutablePointer<Line>

  /// Lines for every port there can be, none of them valid.
  static func allocate() -> VerdictMemo {
    let count = PortIndex.limit * linesPerPort
    let lines = UnsafeMutablePointer<Line>.allocate(capacity: count)
    unsafe lines.initialize(repeating: Line(), count: count)
    return unsafe VerdictMemo(lines: lines)
  }

  func deallocate() { unsafe lines.deallocate() }

  /// The line where a verdict for `asked` on `port` stands or is to stand.
  @inlinable @inline(__always)
  public func line(of port: PortIndex, _ asked: Line) -> UnsafeMutablePointer<Line> {
    // The last octets of addresses differ most.
    let pick = Int(truncatingIfNeeded: (asked.destination ^ asked.source) &>> 16) & (VerdictMemo.linesPerPort &- 1)
    let first = (port.slot & (PortIndex.limit &- 1)) &* VerdictMemo.linesPerPort
    return unsafe lines + (first &+ pick)
  }
}
