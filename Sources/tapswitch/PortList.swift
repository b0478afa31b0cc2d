// `tapswitch port list`

internal import ArgumentParser
internal import SwitchModel

struct PortList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the ports with state and counters.",
    discussion: """
      MTU in bytes of payload; RX is from the port into the switch, TX from the switch to the port.

        tapswitch port list
        tapswitch port list --json | jq -r '.[] | select(.state != "up") | .name'
      """)

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let answer = try await client.client().send(.get, ["v1", "ports"])
    try await client.show(answer) { value in
      client.terminal.text(of: PortList.table(try value.answer(as: [PortStatus].self)), state: "STATE")
    }
  }

  static func table(_ ports: [PortStatus]) -> TextTable {
    // Why a port is not up is worth a column only when there is such a port.
    let hasReasons = ports.contains { $0.reason != nil }
    var table = TextTable(
      [
        .left("NAME"), .left("TARGET"), .left("STATE"), .right("MTU"), .left("VLAN"), .right("RX FRAMES"),
        .right("RX BYTES"), .right("TX FRAMES"), .right("TX BYTES"), .right("DROPS"),
      ] + (hasReasons ? [.left("REASON")] : []))
    for port in ports {
      let counters = port.counters
      table.add([
        port.name, "\(port.kind):\(port.target)", port.state.rawValue, port.mtu.map { "\($0)" } ?? "-",
        Words.vlan(port.vlan), Quantity.grouped(counters.rxFrames), Quantity.bytes(counters.rxBytes),
        Quantity.grouped(counters.txFrames), Quantity.bytes(counters.txBytes),
        Quantity.grouped(counters.drops.total), port.reason ?? "",
      ])
    }
    return table
  }
}
