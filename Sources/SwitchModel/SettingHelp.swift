// The table of settings in words: for `--help` and the documentation.

package enum SettingHelp {
  /// A setting with its key and meaning, then values and default. For a terminal of 100 columns.
  package static func text(of settings: [Setting]) -> String {
    let width = settings.reduce(0) { max($0, $1.key.count) } + 1
    let lines = settings.map { setting -> String in
      let key = setting.key + (setting.isLive ? "" : "†")
      let space = String(repeating: " ", count: width - key.count)
      let indent = String(repeating: " ", count: width + 4)
      let lines =
        wrapped(setting.help, columns: 100 - width - 4)
        + wrapped("\(setting.type.allowed); default: \(setting.defaultText)", columns: 100 - width - 4)
      return "  \(key)\(space)  " + lines.joined(separator: "\n\(indent)") + "\n"
    }
    return lines.joined() + "† does not change while the port or switch runs\n"
  }

  /// Lines of at most so many columns, broken between words; a longer word has a line of its own.
  private static func wrapped(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + (line.isEmpty ? [] : [line])
  }

  /// What `--help` says of a SPEC.
  package static var spec: String {
    let kinds = PortKind.allCases.map { "  \($0.rawValue):\($0.targetName)  \($0.help)\n" }.joined()
    return "SPEC is KIND:TARGET[,KEY=VALUE]…; write a comma inside a value as ,, and join lists with +.\n\n"
      + kinds + "\n" + text(of: SettingTable.port)
  }

  /// The whole table in Markdown.
  package static var markdown: String {
    let section = { (title: String, settings: [Setting]) -> String in
      let rows = settings.map { setting in
        let kinds = setting.kinds == PortKind.allCases ? "all" : setting.kinds.map(\.rawValue).joined(separator: ", ")
        let cells = [
          "`\(setting.key)`\(setting.isLive ? "" : "†")", setting.scope == .port ? kinds : "", setting.type.allowed,
          setting.defaultText, setting.help,
        ]
        return "| " + cells.map { $0.split(separator: "|").joined(separator: "\\|") }.joined(separator: " | ") + " |\n"
      }
      return "## \(title)\n\n| setting | kinds | values | default | meaning |\n|---|---|---|---|---|\n"
        + rows.joined()
    }
    return section("Ports", SettingTable.port) + "\n" + section("Switch", SettingTable.switchWide) + "\n"
      + section("Static entries", SettingTable.entry) + "\n† does not change while the port or switch runs\n"
  }
}
