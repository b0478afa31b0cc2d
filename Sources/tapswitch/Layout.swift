// How commands lay out what people read: tables with a bold header, sheets with bold names, states in colour.

internal import SwitchModel

extension Terminal {
  /// A table, with the words of column `state` in the colours of states.
  func text(of table: TextTable, state column: String? = nil) -> String {
    guard hasColour else { return table.text() }
    var lines = table.text().split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    if let column, let header = lines.first, let place = Terminal.offset(of: column, in: header) {
      for index in lines.indices.dropFirst() { lines[index] = coloured(lines[index], at: place) }
    }
    lines[0] = bold(lines[0])
    return lines.joined(separator: "\n")
  }

  /// A sheet of `NAME  value` lines.
  func text(of sheet: TextSheet, names: Int) -> String {
    guard hasColour else { return sheet.text }
    let lines = sheet.text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      let name = line.prefix(names)
      let rest = String(line.dropFirst(names))
      guard name.hasPrefix("state ") else { return bold(String(name)) + rest }
      return bold(String(name)) + coloured(rest, at: 2)
    }
    return lines.joined(separator: "\n")
  }

  /// `line` with the word that begins at `place` in the colour of its state.
  private func coloured(_ line: String, at place: Int) -> String {
    let word = line.dropFirst(place).prefix { $0 != " " }
    return line.prefix(place) + state(String(word)) + line.dropFirst(place + word.count)
  }

  /// Where a title stands in the header, in characters. Titles are parted by at least two spaces.
  private static func offset(of title: String, in header: String) -> Int? {
    var place = 0
    for word in header.split(separator: " ", omittingEmptySubsequences: false) {
      if word == title { return place }
      place += word.count + 1
    }
    return nil
  }
}

/// A sheet that knows how wide its names are.
struct Sheet {
  private var sheet = TextSheet()
  private var width = 0

  mutating func add(_ name: String, _ value: String) {
    sheet.add(name, value)
    width = max(width, name.count)
  }

  func text(on terminal: Terminal) -> String { terminal.text(of: sheet, names: width) }
}

/// A table whose rows come without end: the first thousand decide the widths, later ones only widen them, so that
/// nothing is held in memory and the columns stay where they are.
struct StreamedTable {
  private static let batch = 1000
  private let columns: [TextTable.Column]
  private let heading: (String) -> String
  private var widths: [Int]
  private var rows: [[String]] = []
  private var isBegun = false

  init(_ columns: [TextTable.Column], heading: @escaping (String) -> String) {
    self.columns = columns
    self.heading = heading
    widths = columns.map(\.title.count)
  }

  mutating func add(_ row: [String]) throws {
    rows.append(row)
    if rows.count == StreamedTable.batch { try flush() }
  }

  /// Prints what is left, and the header if there was nothing.
  mutating func finish() throws {
    if !rows.isEmpty || !isBegun { try flush() }
  }

  private mutating func flush() throws {
    for row in rows {
      for (index, cell) in row.enumerated() where index < widths.count {
        widths[index] = max(widths[index], TerminalText.escaped(cell).count)
      }
    }
    // Titles as wide as their columns have been so far hold every batch to the same widths.
    let wide = zip(columns, widths).map { column, width -> TextTable.Column in
      let space = String(repeating: " ", count: width - column.title.count)
      return column.isRight ? .right(space + column.title) : .left(column.title + space)
    }
    var table = TextTable(wide)
    for row in rows { table.add(row) }
    rows.removeAll(keepingCapacity: true)
    let text = table.text(heading: isBegun ? { _ in "" } : heading)
    try StandardOutput.write(isBegun ? String(text.dropFirst()) : text)
    isBegun = true
  }
}
