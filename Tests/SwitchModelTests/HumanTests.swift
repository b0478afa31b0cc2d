import Testing

@testable import SwitchModel

@Suite struct HumanTests {
  @Test func table() {
    var table = TextTable([.left("NAME"), .right("FRAMES"), .left("STATE")])
    table.add(["web", "1,234,567", "up"])
    table.add(["a-long-name", "0", ""])
    table.add(["x"])
    table.add(["y", "1", "down", "dropped"])
    #expect(
      table.text()
        == "NAME            FRAMES  STATE\nweb          1,234,567  up\na-long-name          0\nx\ny                    1  down\n"
    )
    #expect(table.text { "<\($0)>" }.hasPrefix("<NAME            FRAMES  STATE>\n"))
    var sheet = TextSheet()
    sheet.add("name", "lab")
    sheet.add("uptime", "5s")
    #expect(sheet.text == "name    lab\nuptime  5s\n")
  }

  /// Hostile-table row L10: nothing in a name acts on the terminal.
  @Test(arguments: [
    ("plain é 漢 😀", "plain é 漢 😀"), ("\u{1B}[2J", "\\x1b[2J"), ("a\nb\tc\0", "a\\x0ab\\x09c\\x00"),
    ("\u{9B}31m", "\\x9b31m"),
    ("\u{7F}", "\\x7f"), ("\u{202E}x", "\\u{202e}x"), ("\u{2028}", "\\u{2028}"), ("\u{200B}", "\\u{200b}"),
    ("\u{E000}", "\\u{e000}"),
  ])
  func escapesL10(_ text: String, _ escaped: String) {
    #expect(TerminalText.escaped(text) == escaped)
    #expect(TerminalText.isPlain(text) == (text == escaped))
    var table = TextTable([.left("A")])
    table.add([text])
    #expect(table.text() == "A\n\(escaped)\n")
  }

  @Test func quoted() {
    #expect(TerminalText.quoted("a") == "'a'")
    #expect(TerminalText.quoted(String(repeating: "a", count: 100)) == "'\(String(repeating: "a", count: 64))…'")
  }

  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (1005, "1.00 kB"), (12345, "12.3 kB"), (999_999, "999 kB"),
      (1_500_000, "1.50 MB"), (UInt64.max, "18.4 EB"),
    ] as [(UInt64, String)])
  func bytes(_ value: UInt64, _ text: String) { #expect(Quantity.bytes(value) == text) }

  @Test func rates() {
    #expect(Quantity.bitRate(bytesPerSecond: 125_000_000) == "1.00 Gbit/s")
    #expect(Quantity.bitRate(bytesPerSecond: .max) == "18.4 Ebit/s")
    #expect(Quantity.scaled(999) == "999" && Quantity.scaled(1_234_567) == "1.23 M")
  }

  @Test(
    arguments: [
      (0, "0s"), (59, "59s"), (60, "1m"), (125, "2m 5s"), (3600, "1h"), (3661, "1h 1m"), (90000, "1d 1h"),
      (86400 * 400, "400d"),
    ] as [(UInt64, String)])
  func durations(_ value: UInt64, _ text: String) { #expect(Quantity.duration(seconds: value) == text) }

  @Test(
    arguments: [
      (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
      (1_709_164_799, 999_999_999, "2024-02-28T23:59:59.999Z"), (4_107_542_400, 1_000_000, "2100-03-01T00:00:00.001Z"),
      (-5, -5, "1970-01-01T00:00:00.000Z"), (.max, .max, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, Int64, String)])
  func times(_ seconds: Int64, _ nanoseconds: Int64, _ text: String) {
    #expect(Quantity.time(seconds: seconds, nanoseconds: nanoseconds) == text)
  }

  @Test func groups() {
    #expect(Quantity.grouped(0) == "0" && Quantity.grouped(999) == "999" && Quantity.grouped(1000) == "1,000")
    #expect(Quantity.grouped(.max) == "18,446,744,073,709,551,615")
  }
}
