// Loads and stores of network-order integers in raw memory: where Wire's unsafe code has its home. Here
// callers check the length once, then go by offset.

extension RawSpan {
  /// The byte at `offset`, which the caller has checked to lie inside the span.
  @inlinable @inline(__always)
  public func byte(at offset: Int) -> UInt8 {
    unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// The big-endian 16-bit integer at `offset`; the caller has checked that both bytes lie inside the span.
  @inlinable @inline(__always)
  public func uint16(at offset: Int) -> UInt16 {
    unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
  }

  /// The big-endian 32-bit integer at `offset`; the caller has checked that all four bytes lie inside the span.
  @inlinable @inline(__always)
  public func uint32(at offset: Int) -> UInt32 {
    unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
  }

  /// The big-endian 64-bit integer at `offset`; the caller has checked that all eight bytes lie inside the span.
  @inlinable @inline(__always)
  public func uint64(at offset: Int) -> UInt64 {
    unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Stores `value` at `offset`, which the caller has checked to lie inside the buffer.
  @inlinable @inline(__always)
  public func storeByte(_ value: UInt8, at offset: Int) {
    unsafe storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
  }

  /// Stores `value` big-endian at `offset`; the caller has checked that both bytes lie inside the buffer.
  @inlinable @inline(__always)
  public func store16(_ value: UInt16, at offset: Int) {
    unsafe storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
  }

  /// The big-endian 16-bit integer at `offset`; the caller has checked that both bytes lie inside the buffer.
  @inlinable @inline(__always)
  public func load16(at offset: Int) -> UInt16 {
    unsafe UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
