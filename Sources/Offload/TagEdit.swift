// The stage before PortIO.transmit: the outermost VLAN tag is taken from a frame, put on it or changed, in place.
// Addresses and offload header move by 4 octets, so that what is written stays one piece. It must not decide which
// frame gets which tag.

public import Wire

/// Edits a frame that lies in a buffer as `[headroom | 12-octet offload header | frame]`.
public enum TagEdit {
  /// Octets of a tag: what every edit moves by.
  public static let size = 4
  /// Offload header, destination and source: what moves.
  private static let moved = VirtioNetHeader.size + 12

  /// Takes the outermost tag away, and moves offload header and addresses up to what stood behind it.
  /// - Parameters:
  ///   - start: where the offload header begins in `buffer`.
  ///   - length: octets of offload header and frame.
  /// - Returns: the new start, 4 more than before; the new length is 4 less. nil, and nothing changed, where the frame
  ///   has no whole tag with a type behind it, or the offload header points into the tag.
  public static func pop(_ buffer: UnsafeMutableRawBufferPointer, start: Int, length: Int) -> Int? {
    guard unsafe fits(buffer, start: start, length: length), length >= moved &+ size &+ 2 else { return nil }
    guard unsafe EtherType(rawValue: buffer.load16(at: start &+ moved)).isTag else { return nil }
    guard unsafe shift(buffer, start: start, by: -size) else { return nil }
    unsafe move(buffer, from: start, to: start &+ size)
    return start &+ size
  }

  /// Puts `tag` in front of the frame's type and tags, moving offload header and addresses down into the headroom.
  /// - Parameters:
  ///   - start: where the offload header begins in `buffer`; at least 4.
  ///   - length: octets of offload header and frame.
  /// - Returns: the new start, 4 less than before; the new length is 4 more. nil, and nothing changed, where there is
  ///   no headroom or no frame, or an offset in the offload header would pass 65535.
  public static func push(_ tag: VLANTag, _ buffer: UnsafeMutableRawBufferPointer, start: Int, length: Int) -> Int? {
    guard unsafe fits(buffer, start: start, length: length), start >= size, length >= moved &+ 2 else { return nil }
    guard unsafe shift(buffer, start: start, by: size) else { return nil }
    let front = start &- size
    unsafe move(buffer, from: start, to: front)
    unsafe buffer.store16(tag.tpid.rawValue, at: front &+ moved)
    unsafe buffer.store16(tag.tci, at: front &+ moved &+ 2)
    return front
  }

  /// Puts `tag` in the place of the outermost one; nothing moves.
  /// - Parameters:
  ///   - start: where the offload header begins in `buffer`.
  ///   - length: octets of offload header and frame.
  /// - Returns: false, and nothing changed, where the frame has no whole tag with a type behind it.
  public static func rewrite(
    _ tag: VLANTag, _ buffer: UnsafeMutableRawBufferPointer, start: Int, length: Int
  ) -> Bool {
    guard unsafe fits(buffer, start: start, length: length), length >= moved &+ size &+ 2 else { return false }
    guard unsafe EtherType(rawValue: buffer.load16(at: start &+ moved)).isTag else { return false }
    unsafe buffer.store16(tag.tpid.rawValue, at: start &+ moved)
    unsafe buffer.store16(tag.tci, at: start &+ moved &+ 2)
    return true
  }

  private static func fits(_ buffer: UnsafeMutableRawBufferPointer, start: Int, length: Int) -> Bool {
    start >= 0 && length >= 0 && start <= buffer.count && length <= buffer.count &- start
  }

  /// The regions overlap; `copyMemory` moves them right all the same. The caller has checked both.
  private static func move(_ buffer: UnsafeMutableRawBufferPointer, from source: Int, to target: Int) {
    guard let base = buffer.baseAddress else { return }
    unsafe (base + target).copyMemory(from: base + source, byteCount: moved)
  }

  /// Moves the offsets of the offload header at `start` with the layer-3 header (as the kernel's tun driver does with
  /// vlan_hlen). False, and nothing changed, where one would leave the frame or its 16 bits.
  private static func shift(_ buffer: UnsafeMutableRawBufferPointer, start: Int, by distance: Int) -> Bool {
    // flags and the two offsets by themselves: the rest of the header is not touched
    let flags = unsafe buffer[start]
    let headerLength = Int(unsafe buffer.load16(at: start &+ 2).byteSwapped)
    let checksumStart = Int(unsafe buffer.load16(at: start &+ 6).byteSwapped)
    let range = FrameHeader.minimumLength...0xFFFF
    let moves = flags & VirtioNetHeader.needsChecksum != 0
    guard !moves || range.contains(checksumStart &+ distance) else { return false }
    guard headerLength == 0 || range.contains(headerLength &+ distance) else { return false }
    if moves {
      let value = UInt16(truncatingIfNeeded: checksumStart &+ distance)
      unsafe buffer.store16(value.byteSwapped, at: start &+ 6)
    }
    if headerLength != 0 {
      let value = UInt16(truncatingIfNeeded: headerLength &+ distance)
      unsafe buffer.store16(value.byteSwapped, at: start &+ 2)
    }
    return true
  }
}
