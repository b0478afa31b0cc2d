// The parsers on arrays. Here is the one place where tests turn an array into a span of raw bytes.

import Wire

extension FrameHeader {
  init(parsing bytes: [UInt8]) throws(FrameFault) { self = try unsafe FrameHeader(parsing: bytes.span.bytes) }
}
extension ARP {
  init(parsing bytes: [UInt8], at offset: Int) throws(PacketFault) {
    self = try unsafe ARP(parsing: bytes.span.bytes, at: offset)
  }
}
extension IPv4Header {
  init(parsing bytes: [UInt8], at offset: Int, segmented: Bool = false) throws(PacketFault) {
    self = try unsafe IPv4Header(parsing: bytes.span.bytes, at: offset, segmented: segmented)
  }
}
extension IPv6Header {
  init(parsing bytes: [UInt8], at offset: Int, segmented: Bool = false) throws(PacketFault) {
    self = try unsafe IPv6Header(parsing: bytes.span.bytes, at: offset, segmented: segmented)
  }
}
extension TCPHeader {
  init(parsing bytes: [UInt8], at offset: Int, end: Int? = nil) throws(PacketFault) {
    self = try unsafe TCPHeader(parsing: bytes.span.bytes, at: offset, end: end)
  }
}
extension UDPHeader {
  init(parsing bytes: [UInt8], at offset: Int, end: Int? = nil) throws(PacketFault) {
    self = try unsafe UDPHeader(parsing: bytes.span.bytes, at: offset, end: end)
  }
}
extension Layer4 {
  init(locating bytes: [UInt8], behind header: FrameHeader, segmented: Bool = false) throws(PacketFault) {
    self = try unsafe Layer4(locating: bytes.span.bytes, behind: header, segmented: segmented)
  }
}
extension VirtioNetHeader {
  init(parsing bytes: [UInt8]) throws(VirtioNetHeaderFault) {
    self = try unsafe VirtioNetHeader(parsing: bytes.span.bytes)
  }
}
