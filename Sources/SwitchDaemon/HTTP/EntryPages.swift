// The MAC table over HTTP: streamed in pieces, or page by page. Memory is bounded by one piece, whatever the table.

internal import SwitchModel
internal import Wire

/// Where a page ended: the start of a piece of the table, and the last entry of it that was sent.
///
/// Written `PIECE` or `PIECE.MAC.VLAN`; for clients it is opaque. If that entry has gone in the meantime the piece is
/// sent from its start: entries may come twice, none is left out.
struct EntryCursor: Sendable, Equatable {
  var piece: Int
  var mac: String?
  var vlan = 0

  static let start = EntryCursor(piece: 0)

  init(piece: Int, last: FDBEntry? = nil) {
    self.piece = piece
    mac = last?.mac
    vlan = last?.vlan ?? 0
  }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 3, let piece = Self.number(parts[0], to: 1 << 31) else { return nil }
    self.piece = piece
    guard parts.count == 3 else { return }
    guard parts[1].utf8.count == 12, let bits = UInt64(parts[1], radix: 16), let vlan = Self.number(parts[2], to: 4094)
    else { return nil }
    mac = MACAddress(bits: bits).description
    self.vlan = vlan
  }

  var text: String {
    guard let mac else { return "\(piece)" }
    return "\(piece).\(mac.filter { $0 != ":" }).\(vlan)"
  }

  /// What of `entries`, the piece this cursor points into, has not been sent.
  func rest(of entries: [FDBEntry]) -> ArraySlice<FDBEntry> {
    guard let mac, let index = entries.firstIndex(where: { $0.mac == mac && $0.vlan == vlan }) else {
      return entries[...]
    }
    return entries[(index + 1)...]
  }

  private static func number(_ text: Substring, to limit: Int) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text) else { return nil }
    return value <= limit ? value : nil
  }
}

/// The whole table as the bytes of a JSON array.
struct EntryStream: Sendable {
  private let control: any SwitchControl
  private let query: FDBQuery
  private var cursor: EntryCursor?
  private var isFirst = true
  private var ready: [UInt8]

  /// Fetches the first piece, so that what is wrong with the question is known before anything is answered.
  init(_ query: FDBQuery, from cursor: EntryCursor, control: any SwitchControl) async throws(Problem) {
    self.control = control
    self.query = query
    self.cursor = cursor
    ready = Array("[".utf8)
    try await fetch()
  }

  /// The next bytes; nil after the last.
  mutating func next() async throws(Problem) -> [UInt8]? {
    while ready.isEmpty {
      guard cursor != nil else { return nil }
      try await fetch()
    }
    defer { ready = [] }
    return ready
  }

  private mutating func fetch() async throws(Problem) {
    guard let cursor else { return }
    let piece = try await control.entries(query, from: cursor.piece)
    for entry in cursor.rest(of: piece.entries) {
      if !isFirst { ready.append(UInt8(ascii: ",")) }
      isFirst = false
      EntryText.append(entry, to: &ready)
    }
    self.cursor = piece.next.map { EntryCursor(piece: $0) }
    if piece.next == nil { ready.append(contentsOf: Array("]".utf8)) }
  }
}

/// One page of the table.
enum EntryPage {
  /// Entries of one page at most; a page is held in memory.
  static let limit = 10_000

  /// At most `limit` entries and where the next page begins; nil after the last.
  static func load(
    _ query: FDBQuery, from start: EntryCursor, limit: Int, control: any SwitchControl
  ) async throws(Problem) -> (body: [UInt8], next: EntryCursor?) {
    var body = Array("[".utf8)
    var room = limit
    var cursor: EntryCursor? = start
    while let here = cursor, room > 0 {
      let piece = try await control.entries(query, from: here.piece)
      let rest = here.rest(of: piece.entries)
      for entry in rest.prefix(room) {
        if body.count > 1 { body.append(UInt8(ascii: ",")) }
        EntryText.append(entry, to: &body)
      }
      cursor = piece.next.map { EntryCursor(piece: $0) }
      if rest.count > room { cursor = EntryCursor(piece: here.piece, last: rest[rest.startIndex + room - 1]) }
      room -= min(room, rest.count)
    }
    body.append(UInt8(ascii: "]"))
    return (body, cursor)
  }
}

/// An entry as JSON. By hand, since a table may hold a million; a test holds it against the general encoder.
enum EntryText {
  static func append(_ entry: FDBEntry, to bytes: inout [UInt8]) {
    var writer = JSONWriter()
    writer.append("{\"mac\":")
    writer.write(entry.mac)
    writer.append(",\"vlan\":\(entry.vlan),\"port\":")
    writer.write(entry.port)
    writer.append(",\"kind\":")
    writer.write(entry.kind.rawValue)
    writer.append(",\"age_seconds\":\(entry.ageSeconds.map { "\($0)" } ?? "null"),\"moves\":\(entry.moves)")
    writer.append(",\"addresses\":[")
    for (index, address) in entry.addresses.enumerated() {
      if index > 0 { writer.append(",") }
      writer.write(address)
    }
    writer.append("]}")
    bytes.append(contentsOf: writer.bytes)
  }
}
