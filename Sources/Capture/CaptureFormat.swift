// The seam between draining a ring and the two file formats: pure formatting of whole records into a batch.

/// The formats a capture file can have.
package enum CaptureFileType: String, Sendable, CaseIterable {
  case pcap, pcapng

  /// By the suffix of the file name, in either case.
  package init(path: String) throws(CaptureError) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let dot = name.lastIndex(of: "."),
      let type = CaptureFileType(rawValue: name[name.index(after: dot)...].lowercased())
    else {
      throw CaptureError(
        .suffix, path: path, why: "the file name does not end in .pcap or .pcapng, so the format is unknown",
        fix: "use \(name.isEmpty ? "FILE" : name).pcapng (with port names) or .pcap (for tools that read nothing else)")
    }
    self = type
  }
}

/// What a file says about one interface when the capture ends.
package struct InterfaceCounts: Sendable, Equatable {
  /// Frames of it in the file.
  package var written: UInt64 = 0
  /// Frames that should be there and are not.
  package var lost: UInt64 = 0
  package init(written: UInt64 = 0, lost: UInt64 = 0) {
    self.written = written
    self.lost = lost
  }
}

/// Formats captured frames. Interfaces have the numbers 0, 1, … in the order in which they were first named, and
/// keep them for the life of the writer; a file may have to be told about them more than once (`declared`).
package protocol CaptureFormat: Sendable {
  /// What a file starts with.
  func begin(into batch: inout CaptureBatch)
  /// The number of `interface`, for ever the same for equal ones.
  mutating func number(of interface: CaptureInterface) -> UInt32
  /// Tells the file of all interfaces it does not know yet.
  mutating func declare(into batch: inout CaptureBatch)
  /// One frame, with whatever the file must be told before.
  mutating func frame(_ frame: CapturedFrame, on number: UInt32, into batch: inout CaptureBatch)
  /// What a file ends with. `counts` by interface number; times in nanoseconds since 1970.
  mutating func end(counts: [InterfaceCounts], from start: UInt64, to end: UInt64, into batch: inout CaptureBatch)
  /// How many interfaces the file knows. Set back when the records that told it were lost.
  var declared: Int { get set }
}
