// Frames as a guest writes them to its TAP: the offload header of 12 octets, then the frame.

import Testing
import Wire

/// The octets of an offload header.
func offload(_ header: VirtioNetHeader = VirtioNetHeader()) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xA5, count: VirtioNetHeader.size)
  _ = unsafe bytes.withUnsafeMutableBytes { unsafe header.store(to: $0) }
  return bytes
}

/// A frame without offload header. `tags`, outermost first, are TPID and TCI.
func ethernet(
  to destination: MACAddress, from source: MACAddress, tags: [(UInt16, UInt16)] = [], type: UInt16 = 0x88B5,
  payload: [UInt8] = [UInt8](repeating: 0x5A, count: 46)
) -> [UInt8] {
  var bytes: [UInt8] = []
  for address in [destination, source] {
    for shift in stride(from: 40, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: address.bits >> shift)) }
  }
  for (tpid, tci) in tags { bytes += big(tpid) + big(tci) }
  return bytes + big(type) + payload
}

func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

/// 46 octets that begin with `number`.
func numbered(_ number: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 46)
  for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: UInt64(number) >> (56 - 8 * UInt64(place))) }
  return bytes
}

/// The number in an untagged frame read with its offload header.
func number(of frame: [UInt8]) -> Int {
  frame.dropFirst(26).prefix(8).reduce(0) { $0 << 8 | Int($1) }
}

/// An untagged frame of exactly `length` octets, from 14 up, whose payload tells places apart.
func sized(_ length: Int, to destination: MACAddress, from source: MACAddress, tags: [(UInt16, UInt16)] = []) -> [UInt8]
{
  let payload = (0..<(length - 14 - 4 * tags.count)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
  return ethernet(to: destination, from: source, tags: tags, payload: payload)
}

/// A TCP segment of `payload` octets over IPv4 without options; the sums are left to the offload header.
func tcp4(
  to destination: MACAddress, from source: MACAddress, tags: [(UInt16, UInt16)] = [], payload: Int = 100
) -> [UInt8] {
  let total = UInt16(truncatingIfNeeded: 40 + payload)
  let ip: [UInt8] = [0x45, 0] + big(total) + [0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
  let tcp: [UInt8] = [0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 0xFF, 0xFF, 0, 0, 0, 0]
  return ethernet(
    to: destination, from: source, tags: tags, type: 0x0800,
    payload: ip + tcp + [UInt8](repeating: 0x42, count: payload))
}

/// The offload header of a TCP segment behind `front` octets of Ethernet header and tags.
func tcpOffload(front: Int = 14, gsoType: UInt8 = VirtioNetHeader.gsoNone, gsoSize: UInt16 = 0) -> VirtioNetHeader {
  var header = VirtioNetHeader()
  header.flags = VirtioNetHeader.needsChecksum
  header.gsoType = gsoType
  header.gsoSize = gsoSize
  header.checksumStart = UInt16(front + 20)
  header.checksumOffset = 16
  return header
}
