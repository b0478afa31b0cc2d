// `tapswitch status`: the whole switch on one sheet.

internal import ArgumentParser
internal import SwitchModel

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show how the switch is doing.",
    discussion: """
      Name, uptime and version, ports, entries of the MAC table, frames and rates, drops, captures, and whether the \
      running configuration is saved.

        tapswitch status
        tapswitch status --json | jq .fdb
      """)

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let answer = try await client.client().send(.get, ["v1", "status"])
    try await client.show(answer) { value in
      Status.sheet(try value.answer(as: SwitchStatus.self)).text(on: client.terminal)
    }
  }

  static func sheet(_ status: SwitchStatus) -> Sheet {
    let counters = status.counters
    let rates = status.rates
    var sheet = Sheet()
    sheet.add("name", status.name)
    sheet.add("version", status.version)
    sheet.add("pid", "\(status.pid)")
    sheet.add("uptime", Quantity.duration(seconds: status.uptimeSeconds))
    sheet.add("configuration", configuration(status))
    if let seconds = status.unconfirmedSeconds {
      let left = Quantity.duration(seconds: UInt64(clamping: seconds))
      sheet.add("", "not confirmed: taken back in \(left); 'tapswitch config confirm' keeps it")
    }
    sheet.add("ports", "\(status.ports.up) of \(status.ports.total) up")
    sheet.add("MAC table", "\(Words.count(status.fdb.entries)) of \(Words.count(status.fdb.capacity)) entries")
    sheet.add(
      "received",
      Words.traffic(counters.rxFrames, counters.rxBytes) + Words.rate(rates?.rxFrames, rates?.rxBytes))
    sheet.add(
      "sent", Words.traffic(counters.txFrames, counters.txBytes) + Words.rate(rates?.txFrames, rates?.txBytes))
    let dropRate = rates.map { "; now \(Quantity.scaled($0.drops)) frames/s" } ?? ""
    sheet.add("drops", Words.frames(status.drops) + dropRate)
    if status.captures.isEmpty { sheet.add("captures", "none") }
    for (index, capture) in status.captures.enumerated() {
      sheet.add(
        index == 0 ? "captures" : "",
        "\(capture.file): \(capture.state), \(Words.traffic(capture.frames, capture.bytes)), "
          + "\(Quantity.grouped(capture.lost)) lost")
    }
    return sheet
  }

  private static func configuration(_ status: SwitchStatus) -> String {
    guard status.unsaved else { return "saved" }
    guard let file = status.configurationFile else {
      return "unsaved, started without a file: 'tapswitch config save FILE' writes one"
    }
    return "unsaved: 'tapswitch config save' writes it to \(TerminalText.escaped(file))"
  }
}
