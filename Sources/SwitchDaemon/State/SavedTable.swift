// What was learned, kept across a stop: entries with the ages they had when it was written down. Values only; its
// octets are in SavedTable+Format, its file in TableStateFile.

internal import SwitchModel
package import Wire

/// The learned part of a MAC table at one moment.
package struct SavedTable: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    /// The address of one station.
    package var mac: MACAddress
    /// 1 to 4094.
    package var vlan: UInt16
    /// Name of the port it was heard on.
    package var port: String
    /// Seconds since it was last heard, up to the moment of writing.
    package var age: UInt32

    package init(mac: MACAddress, vlan: UInt16, port: String, age: UInt32) {
      self.mac = mac
      self.vlan = vlan
      self.port = port
      self.age = age
    }
  }

  /// When it was written: seconds of real time since 1970-01-01T00:00:00Z.
  package var written: Int64
  package var entries: [Entry]

  package init(written: Int64, entries: [Entry] = []) {
    self.written = written
    self.entries = entries
  }

  /// The entries that are alive at `now` (seconds of real time), with the ages they have then: time in which no switch
  /// ran counts. Such as are `ageing` seconds old, or older, are left out.
  package func living(at now: Int64, ageing: Int) -> [Entry] {
    // A clock that was set back a little makes nothing younger.
    let (difference, overflow) = now.subtractingReportingOverflow(written)
    let elapsed = overflow ? .max : max(0, difference)
    return entries.compactMap { entry in
      let (age, overflow) = elapsed.addingReportingOverflow(Int64(entry.age))
      guard !overflow, age < Int64(clamping: ageing) else { return nil }
      var older = entry
      older.age = UInt32(clamping: age)
      return older
    }
  }
}

/// Why a saved table is not taken over.
package enum SavedTableFault: Error, Sendable, Equatable, CustomStringConvertible {
  case notATable
  /// Of another version of the format.
  case version(UInt32)
  /// Octets there are, and octets there should be.
  case length(Int, UInt64)
  case checksum
  /// What is wrong although the checksum fits.
  case content(String)
  /// Seconds that the time of writing lies ahead of the clock.
  case future(Int64)
  case tooLarge

  package var description: String {
    switch self {
    case .notATable: "it is no saved MAC table"
    case .version(let version):
      "it has format \(version), this tapswitch reads format \(SavedTable.version)"
    case .length(let found, let wanted): "it is cut or has grown: \(found) octets instead of \(wanted)"
    case .checksum: "it is damaged: the checksum does not fit"
    case .content(let what): "it is damaged: \(what)"
    case .future(let seconds):
      "it was written \(Quantity.duration(seconds: UInt64(clamping: seconds))) ahead of the clock"
    case .tooLarge: "it is too large: at most \(SavedTable.sizeLimit) octets are read"
    }
  }
}
