// Netlink messages as bytes (netlink(7), linux/netlink.h): building requests, reading replies. Numbers are in the
// machine's order. Reading is total: what does not fit is nil.

internal import CLinux

/// A request under construction; the session fills in the sequence number.
struct NetlinkRequest {
  private(set) var bytes: [UInt8]
  let type: Int

  /// - Parameters:
  ///   - type: RTM_…
  ///   - flags: NLM_F_… besides NLM_F_REQUEST.
  ///   - head: the fixed part behind the netlink header (ifinfomsg, ifaddrmsg, rtmsg …).
  init(_ type: Int, flags: Int = 0, head: [UInt8]) {
    self.type = type
    bytes = []
    bytes.reserveCapacity(256)
    bytes += NetlinkRequest.octets(UInt32(0))
    bytes += NetlinkRequest.octets(UInt16(truncatingIfNeeded: type))
    bytes += NetlinkRequest.octets(UInt16(truncatingIfNeeded: flags | 1))
    bytes += NetlinkRequest.octets(UInt32(0))
    bytes += NetlinkRequest.octets(UInt32(0))
    bytes += head
    pad()
  }

  mutating func attribute(_ type: Int, _ value: [UInt8]) {
    bytes += NetlinkRequest.octets(UInt16(truncatingIfNeeded: value.count + 4))
    bytes += NetlinkRequest.octets(UInt16(truncatingIfNeeded: type))
    bytes += value
    pad()
  }
  mutating func attribute(_ type: Int, _ value: UInt32) { attribute(type, NetlinkRequest.octets(value)) }
  mutating func attribute(_ type: Int, _ value: Int32) { attribute(type, NetlinkRequest.octets(value)) }
  /// Text with the zero byte behind it.
  mutating func attribute(_ type: Int, _ value: String) { attribute(type, Array(value.utf8) + [0]) }

  /// The finished message: header with length and sequence number.
  func message(sequence: UInt32) -> [UInt8] {
    var message = bytes
    message.replaceSubrange(0..<4, with: NetlinkRequest.octets(UInt32(truncatingIfNeeded: bytes.count)))
    message.replaceSubrange(8..<12, with: NetlinkRequest.octets(sequence))
    return message
  }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }

  static func octets<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) -> [UInt8] {
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
  }

  /// struct ifinfomsg.
  static func linkHead(index: Int32 = 0, flags: UInt32 = 0, change: UInt32 = 0) -> [UInt8] {
    [0, 0, 0, 0] + octets(index) + octets(flags) + octets(change)
  }
}

/// One message of a reply or an event: what stands behind the netlink header.
struct NetlinkMessage {
  let type: Int
  let flags: Int
  let sequence: UInt32
  let body: ArraySlice<UInt8>

  /// The messages in one datagram; stops at the first that is malformed.
  static func all(in datagram: ArraySlice<UInt8>) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    var rest = datagram
    while let length = rest.number(at: 0, as: UInt32.self).map(Int.init), length >= 16, length <= rest.count,
      let type = rest.number(at: 4, as: UInt16.self), let flags = rest.number(at: 6, as: UInt16.self),
      let sequence = rest.number(at: 8, as: UInt32.self)
    {
      let body = rest.dropFirst(16).prefix(length - 16)
      messages.append(NetlinkMessage(type: Int(type), flags: Int(flags), sequence: sequence, body: body))
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return messages
  }

  /// The attributes behind `offset` of the body.
  func attributes(from offset: Int) -> NetlinkAttributes { NetlinkAttributes(body.dropFirst(offset)) }
}

/// Attributes one behind the other (struct nlattr), read in order. The last of a type counts.
struct NetlinkAttributes: Sequence, IteratorProtocol {
  private var rest: ArraySlice<UInt8>
  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func next() -> (type: Int, value: ArraySlice<UInt8>)? {
    guard let length = rest.number(at: 0, as: UInt16.self).map(Int.init), length >= 4, length <= rest.count,
      let type = rest.number(at: 2, as: UInt16.self)
    else { return nil }
    let value = rest.dropFirst(4).prefix(length - 4)
    rest = rest.dropFirst((length + 3) & ~3)
    return (Int(type & 0x3FFF), value)  // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  }
}

extension ArraySlice<UInt8> {
  /// The number `offset` bytes behind the start; nil if it does not fit.
  func number<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value? {
    guard offset >= 0, offset + MemoryLayout<Value>.size <= count else { return nil }
    return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  /// Text up to the first zero byte.
  var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
