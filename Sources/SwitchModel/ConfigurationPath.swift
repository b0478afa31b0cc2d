// Places inside a document as people read them: `ports.web.mtu`, `fdb[2].mac`.

package enum ConfigurationPath {
  /// `path.key`, with the key made safe to print and cut after 64 characters.
  package static func join(_ path: String, _ key: String) -> String {
    let key = key.unicodeScalars.count > 64 ? String(key.prefix(64)) + "…" : key
    let text = key.isEmpty ? "''" : TerminalText.escaped(key)
    return path.isEmpty ? text : "\(path).\(text)"
  }

  /// `path[index]`.
  package static func item(_ path: String, _ index: Int) -> String { "\(path)[\(index)]" }
}
