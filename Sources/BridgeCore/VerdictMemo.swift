// What `decide` said a moment ago: frames come in trains between the same two stations, and for all but the first the
// verdict is known. It must never be believed longer than what it was made from stays as it was.

public import Wire

/// The last verdict of each port, a line each. More lines would spare some look-ups where a port speaks with several
/// stations in turn, and make the cost of a frame depend on luck; trains of frames are what there is most of.
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

  public let lines: UnsafeMutablePointer<Line>

  /// Lines for every port there can be, none of them valid, and one that stays so for any other index.
  static func allocate() -> VerdictMemo {
    let lines = UnsafeMutablePointer<Line>.allocate(capacity: PortIndex.limit + 1)
    unsafe lines.initialize(repeating: Line(), count: PortIndex.limit + 1)
    return unsafe VerdictMemo(lines: lines)
  }

  func deallocate() { unsafe lines.deallocate() }

  /// The line where the last verdict on `port` stands. Nothing may be written to it if no port can have that index.
  @inlinable @inline(__always)
  public func line(of port: PortIndex) -> UnsafeMutablePointer<Line> {
    unsafe lines + min(port.slot, PortIndex.limit)
  }
}
