// Tables for people: aligned columns, a header row, nothing that a terminal would act on. The JSON side has its own
// shape and never goes through here.

/// Rows of cells that are padded to common widths.
package struct TextTable: Sendable {
  package struct Column: Sendable {
    package let title: String
    package let isRight: Bool

    /// Text, aligned at the left.
    package static func left(_ title: String) -> Column { Column(title: title, isRight: false) }
    /// Numbers, aligned at the right.
    package static func right(_ title: String) -> Column { Column(title: title, isRight: true) }
  }

  package let columns: [Column]
  package private(set) var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; missing cells are empty, further ones are dropped. Cells are escaped here.
  package mutating func add(_ cells: [String]) {
    var row = cells.prefix(columns.count).map { TerminalText.escaped($0) }
    while row.count < columns.count { row.append("") }
    rows.append(row)
  }

  /// Header and rows, each with a newline; two spaces between columns, none at the end of a line.
  /// - Parameter heading: dresses the header line, such as with bold letters on a terminal.
  package func text(heading: (String) -> String = { $0 }) -> String {
    let header = columns.map(\.title)
    let widths = columns.indices.map { column in
      rows.reduce(header[column].count) { max($0, $1[column].count) }
    }
    let line = { (cells: [String]) -> String in
      var text = ""
      for (index, cell) in cells.enumerated() {
        let space = String(repeating: " ", count: widths[index] - cell.count)
        text += (index > 0 ? "  " : "") + (columns[index].isRight ? space + cell : cell + space)
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    return ([heading(line(header))] + rows.map(line)).map { $0 + "\n" }.joined()
  }
}

/// `NAME  value` lines: one thing with many properties, such as `status` and `port show`.
package struct TextSheet: Sendable {
  private var lines: [(name: String, value: String)] = []

  package init() {}

  package mutating func add(_ name: String, _ value: String) { lines.append((name, TerminalText.escaped(value))) }

  package var text: String {
    let width = lines.reduce(0) { max($0, $1.name.count) }
    return lines.map { "\($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)\n" }.joined()
  }
}
