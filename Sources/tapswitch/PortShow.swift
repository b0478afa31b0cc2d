// `tapswitch port show`

internal import ArgumentParser
internal import SwitchModel

struct PortShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show everything about one port.",
    discussion: """
      State, device, VLANs, what may be handed to it unsegmented, all counters, its settings as they would stand \
      under 'ports:' in a configuration file, and what 'secure' makes of them.

        tapswitch port show tap0
        tapswitch port show tap0 --json | jq .settings
      """)

  @Argument(help: "Name of the port.")
  var name: String

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let name = try ArgumentValues.port(name)
    let answer = try await client.client().send(.get, ["v1", "ports", name])
    try await client.show(answer) { value in
      PortShow.sheet(try value.answer(as: PortStatus.self)).text(on: client.terminal)
    }
  }

  static func sheet(_ port: PortStatus) -> Sheet {
    let counters = port.counters
    var sheet = Sheet()
    sheet.add("name", port.name)
    sheet.add("state", port.state.rawValue + (port.reason.map { ": \($0)" } ?? ""))
    sheet.add("target", "\(port.kind):\(port.target)")
    sheet.add("id", "\(port.id)")
    if port.template == true { sheet.add("template", "its connections are ports of their own") }
    sheet.add("MTU", port.mtu.map { "\(Words.count($0)) bytes" } ?? "unknown until it is attached")
    sheet.add("VLAN", Words.vlan(port.vlan) + (port.vlan.tagged.isEmpty ? "" : ", tagged \(port.vlan.tagged)"))
    sheet.add("offload", offload(port.offload))
    sheet.add("received", traffic(counters.rxFrames, counters.rxBytes, counters.rxSegments))
    sheet.add("sent", traffic(counters.txFrames, counters.txBytes, counters.txSegments))
    sheet.add("forwarded", Words.frames(counters.forwarded))
    sheet.add(
      "flooded",
      Words.frames(counters.flooded) + (counters.flooded == 0 ? "" : " as \(copies(counters.floodCopies))"))
    sheet.add("consumed", Words.frames(counters.consumed))
    sheet.add("originated", Words.frames(counters.originated))
    sheet.add("merged, split", "\(Words.frames(counters.merged)), \(Words.frames(counters.split))")
    sheet.add("kernel drops", counters.kernelDrops.map { Words.frames($0) } ?? "unknown")
    sheet.add("drops", Words.frames(counters.drops.total))
    for (reason, count) in counters.drops.counts { sheet.add("  \(reason)", Words.frames(count)) }
    add(port.settings?.members ?? [], "settings", "as in a configuration file", to: &sheet)
    let implied = (port.effectiveSettings?.members ?? []).filter { port.settings?[$0.key] != $0.value }
    add(implied, "in force", "what secure=on stands for", to: &sheet)
    return sheet
  }

  private static func traffic(_ frames: UInt64, _ bytes: UInt64, _ segments: UInt64) -> String {
    // A GSO frame stands for many segments; where there was none, both numbers are the same.
    let text = Words.traffic(frames, bytes)
    return segments == frames ? text : "\(text), \(Quantity.grouped(segments)) segments"
  }

  private static func copies(_ number: UInt64) -> String {
    "\(Quantity.grouped(number)) \(number == 1 ? "copy" : "copies")"
  }

  private static func offload(_ offload: PortOffload) -> String {
    let all = [
      ("checksum", offload.checksum), ("TSO IPv4", offload.tso4), ("TSO IPv6", offload.tso6), ("USO", offload.uso),
    ]
    let on = all.filter(\.1).map(\.0)
    return on.isEmpty ? "none" : on.joined(separator: ", ")
  }

  private static func add(_ settings: [JSONMember], _ name: String, _ meaning: String, to sheet: inout Sheet) {
    guard !settings.isEmpty else { return }
    sheet.add(name, meaning)
    for member in settings { sheet.add("  \(TerminalText.escaped(member.key))", text(member.value)) }
  }

  /// A setting as in a SPEC.
  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .bool(let on): on ? "on" : "off"
    case .array(let items): items.map { text($0) }.joined(separator: "+")
    default: value.text
    }
  }
}
