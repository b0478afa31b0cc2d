/// Which flood set: VLANs with the same members share one.
public struct FloodSetIndex: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  public let rawValue: UInt16
  @inlinable @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }
}
