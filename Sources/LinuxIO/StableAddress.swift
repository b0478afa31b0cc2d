// Addresses and limits a switch settles once, at start.

internal import CLinux
package import Wire

/// A locally administered unicast address that is the same on every start (802-2014 clause 8.4) and differs
/// between machines, switches and ports as far as 46 bits allow.
package func stableMAC(machineID: String, switchName: String, port: String) -> MACAddress {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a, 64 bits
  for byte in "\(machineID)\0\(switchName)\0\(port)".utf8 {
    hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }
  // FNV mixes its upper bits badly: the finaliser of MurmurHash3.
  hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
  hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
  hash ^= hash >> 33
  return MACAddress(bits: hash & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000)
}

/// What tells this machine from others: machine-id(5), or the host name where there is none.
package func machineIdentity() -> String {
  for path in ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/hostname"] {
    let line = SmallFiles.text(path)?.split(whereSeparator: \.isWhitespace).first
    if let line, !line.isEmpty, line != "uninitialized" { return String(line) }
  }
  return "localhost"
}

/// Raises the limit of open files to the hard limit and returns what holds now.
@discardableResult
package func raiseFileLimit() -> Int { max(0, ts_raise_file_limit()) }
