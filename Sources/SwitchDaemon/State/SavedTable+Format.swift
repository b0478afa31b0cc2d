// The octets of a saved table: written once, and read as if an enemy had written them. Total: any octets give a table
// or the reason why not.
//
//   magic "\211TSFDB\r\n" 8 | version 4 | ports 4 | entries 4 | 0 4 | length of all 8 | written 8
//   ports:   length of the name 1 | name 1...32
//   entries: MAC 6 | VLAN 2 | place in ports 2 | 0 2 | age 4
//   CRC-64/XZ over all before it, 8
//
// Numbers are little-endian; a MAC stands as on the wire. The magic breaks when a transfer mangles line ends or bit 7.

internal import BridgeCore
internal import SwitchModel
internal import Wire

extension SavedTable {
  static let version: UInt32 = 1
  private static let magic: [UInt8] = [0x89] + Array("TSFDB\r\n".utf8)
  private static let headerSize = 40
  private static let entrySize = 16
  private static let checksumSize = 8
  /// As many entries as the largest table holds.
  private static let entryLimit = 1 << 20
  /// The most octets a saved table can have.
  package static let sizeLimit =
    headerSize + PortIndex.limit * (1 + PortName.maximumLength) + entryLimit * entrySize + checksumSize
  /// Seconds by which the clock may have been set back between stop and start.
  private static let clockSlack: Int64 = 60

  /// The octets of the table. Entries beyond the largest table, or beyond as many ports as a switch has, are left out.
  package func encoded() -> [UInt8] {
    var places: [String: UInt16] = [:]
    var names: [UInt8] = []
    var body: [UInt8] = []
    var count = 0
    body.reserveCapacity(min(entries.count, Self.entryLimit) * Self.entrySize)
    for entry in entries.prefix(Self.entryLimit) {
      if places[entry.port] == nil {
        guard places.count < PortIndex.limit, PortName.isValid(entry.port) else { continue }
        places[entry.port] = UInt16(truncatingIfNeeded: places.count)
        names.appendNumber(UInt8(truncatingIfNeeded: entry.port.utf8.count))
        names.append(contentsOf: entry.port.utf8)
      }
      guard let place = places[entry.port] else { continue }
      for shift in stride(from: UInt64(40), through: 0, by: -8) {
        body.appendNumber(UInt8(truncatingIfNeeded: entry.mac.bits >> shift))
      }
      body.appendNumber(entry.vlan)
      body.appendNumber(place)
      body.appendNumber(UInt16(0))
      body.appendNumber(entry.age)
      count += 1
    }
    var bytes = Self.magic
    bytes.reserveCapacity(Self.headerSize + names.count + body.count + Self.checksumSize)
    bytes.appendNumber(Self.version)
    bytes.appendNumber(UInt32(truncatingIfNeeded: places.count))
    bytes.appendNumber(UInt32(truncatingIfNeeded: count))
    bytes.appendNumber(UInt32(0))
    bytes.appendNumber(UInt64(Self.headerSize + names.count + body.count + Self.checksumSize))
    bytes.appendNumber(UInt64(bitPattern: written))
    bytes += names
    bytes += body
    bytes.appendNumber(CRC64.of(bytes[...]))
    return bytes
  }

  /// Reads what `encoded` made.
  /// - Parameter now: seconds of real time, which a table cannot be written after.
  package init(decoding bytes: [UInt8], at now: Int64) throws(SavedTableFault) {
    guard bytes.count <= Self.sizeLimit else { throw .tooLarge }
    guard bytes.starts(with: Self.magic) else { throw .notATable }
    var reader = OctetReader(bytes[Self.magic.count...])
    // The version first: another one may have another header.
    guard let version = reader.next(UInt32.self) else { throw .length(bytes.count, UInt64(Self.headerSize)) }
    guard version == Self.version else { throw .version(version) }
    guard let portCount = reader.next(UInt32.self), let entryCount = reader.next(UInt32.self),
      let reserved = reader.next(UInt32.self), let length = reader.next(UInt64.self),
      let time = reader.next(UInt64.self)
    else { throw .length(bytes.count, UInt64(Self.headerSize)) }
    guard length == UInt64(bytes.count), bytes.count >= Self.headerSize + Self.checksumSize else {
      throw .length(bytes.count, length)
    }
    let end = bytes.count - Self.checksumSize
    var tail = OctetReader(bytes[end...])
    guard tail.next(UInt64.self) == CRC64.of(bytes[..<end]) else { throw .checksum }
    guard reserved == 0, portCount <= PortIndex.limit, entryCount <= Self.entryLimit else {
      throw .content("its header is out of bounds")
    }
    written = Int64(bitPattern: time)
    entries = []
    guard written >= 0 else { throw .content("it was written before 1970") }
    let (ahead, overflow) = written.subtractingReportingOverflow(now)
    guard !overflow, ahead <= Self.clockSlack else { throw .future(overflow ? .max : ahead) }
    reader = OctetReader(bytes[Self.headerSize..<end])
    let names = try Self.names(Int(portCount), &reader)
    guard reader.count == Int(entryCount) * Self.entrySize else {
      throw .content("\(reader.count) octets are no \(entryCount) entries")
    }
    entries.reserveCapacity(Int(entryCount))
    for _ in 0..<entryCount { entries.append(try Self.entry(names, &reader)) }
  }

  private static func names(_ count: Int, _ reader: inout OctetReader) throws(SavedTableFault) -> [String] {
    var names: [String] = []
    for _ in 0..<count {
      guard let length = reader.next(UInt8.self), let octets = reader.take(Int(length)) else {
        throw .content("a port's name is cut")
      }
      let name = String(decoding: octets, as: UTF8.self)
      guard PortName.isValid(name) else { throw .content("port \(TerminalText.quoted(name)) cannot be a name") }
      names.append(name)
    }
    guard Set(names).count == names.count else { throw .content("a port stands twice") }
    return names
  }

  private static func entry(_ names: [String], _ reader: inout OctetReader) throws(SavedTableFault) -> Entry {
    guard let address = reader.take(6), let vlan = reader.next(UInt16.self), let place = reader.next(UInt16.self),
      let reserved = reader.next(UInt16.self), let age = reader.next(UInt32.self)
    else { throw .content("an entry is cut") }
    let mac = MACAddress(bits: address.reduce(0) { $0 << 8 | UInt64($1) })
    guard !mac.isGroup, !mac.isZero else { throw .content("\(mac) is no station") }
    guard (1...4094).contains(vlan) else { throw .content("VLAN \(vlan) is none") }
    guard names.indices.contains(Int(place)) else { throw .content("an entry is on port \(place) of \(names.count)") }
    guard reserved == 0 else { throw .content("an entry is of no known kind") }
    return Entry(mac: mac, vlan: vlan, port: names[Int(place)], age: age)
  }
}

/// Takes little-endian numbers off the front of octets; nil when there are not enough.
private struct OctetReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var count: Int { rest.count }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func next<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
    take(Number.bitWidth / 8).map { octets in octets.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) } }
  }
}

extension [UInt8] {
  /// Appends `number`, least significant octet first.
  fileprivate mutating func appendNumber<Number: FixedWidthInteger>(_ number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> Number(truncatingIfNeeded: shift)))
    }
  }
}

/// CRC-64/XZ: the polynomial of ECMA-182, reflected, inverted before and after. It finds every burst of up to 64 bits.
enum CRC64 {
  private static let table: [UInt64] = (0..<256).map { index in
    (0..<8).reduce(UInt64(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xC96C_5795_D787_0F42 }
  }

  static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    let table = table
    return ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(truncatingIfNeeded: ($0 ^ UInt64($1)) & 0xFF)] }
  }
}
