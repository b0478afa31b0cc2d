// What all tests of this target share.

import Stations
import Wire

let second: UInt64 = 1_000_000_000

func mac(_ bits: UInt64) -> MACAddress { MACAddress(bits: bits) }

/// A station's address, locally administered.
func station(_ number: Int) -> MACAddress { mac(0x0200_0000_0000 + UInt64(number)) }

func octets(_ value: UInt64, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
}

/// An ARP announcement: `source` has `address`.
func announcement(_ source: MACAddress, _ address: UInt32, sender: MACAddress? = nil) -> [UInt8] {
  let sender = sender ?? source
  return octets(0xFFFF_FFFF_FFFF, 6) + octets(source.bits, 6) + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + octets(sender.bits, 6)
    + octets(UInt64(address), 4) + octets(0, 6) + octets(UInt64(address), 4)
}
