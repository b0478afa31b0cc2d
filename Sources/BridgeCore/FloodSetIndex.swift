/// Which flood set: VLANs with the same members share one.
@usableFromInline
package struct FloodSetIndex: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  @usableFromInline package let rawValue: UInt16
  @inlinable @inline(__always)
  package init(rawValue: UInt16) { self.rawValue = rawValue }
}
