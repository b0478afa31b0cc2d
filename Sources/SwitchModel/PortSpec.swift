// SPEC: `KIND:TARGET[,KEY=VALUE]…`, to the letter of the contract. A comma inside TARGET or VALUE is written `,,`;
// all else is literal.

package enum PortSpec {
  /// Commas doubled.
  package static func escaped(_ text: String) -> String {
    text.utf8.contains(UInt8(ascii: ","))
      ? text.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,") : text
  }

  /// The fields between single commas, with doubled ones made single; read from left to right.
  static func fields(of text: String) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      if bytes[index] != UInt8(ascii: ",") {
        field.append(bytes[index])
      } else if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ",") {
        field.append(UInt8(ascii: ","))
        index += 1
      } else {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll()
      }
      index += 1
    }
    fields.append(String(decoding: field, as: UTF8.self))
    return fields
  }

  /// `KEY=VALUE` apart; nil without `=`.
  static func assignment(_ field: String) -> (key: String, value: String)? {
    guard let equals = field.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return (String(field[..<equals]), String(field[field.utf8.index(after: equals)...]))
  }
}

extension PortConfiguration {
  /// Reads a SPEC. A SPEC without `KIND:` is a mistake of the command line (64), all others are of values (65).
  package init(spec: String) throws(ConfigurationError) {
    do throws(ConfigurationError) {
      try self.init(fields: PortSpec.fields(of: spec))
    } catch {
      var located = error
      located.source = "port \(TerminalText.quoted(spec))"
      throw located
    }
  }

  private init(fields: [String]) throws(ConfigurationError) {
    let first = fields.first ?? ""
    guard let colon = first.utf8.firstIndex(of: UInt8(ascii: ":")), colon != first.utf8.startIndex else {
      let target = first.utf8.first == UInt8(ascii: ":") ? String(first.dropFirst()) : first
      let isDevice = (try? PortKind.tap.parseTarget(target)) != nil
      throw ConfigurationError(
        .usage,
        "no KIND: in front, allowed: KIND:TARGET[,KEY=VALUE]… with one of the kinds "
          + PortKind.allCases.map(\.rawValue).joined(separator: ", "),
        fix: isDevice ? "did you mean tap:\(target)?" : nil)
    }
    let kind = try PortKind.named(String(first[..<colon]))
    let target = String(first[first.utf8.index(after: colon)...])
    var values: [Setting: SettingValue] = [:]
    for field in fields.dropFirst() {
      guard let (key, text) = PortSpec.assignment(field) else {
        let what = field.isEmpty ? "an empty setting" : "\(TerminalText.quoted(field)) has no ="
        throw ConfigurationError("\(what), allowed: KEY=VALUE", fix: "write a comma inside a value as ,,")
      }
      let path = TerminalText.escaped(key)
      let setting: Setting
      do throws(ConfigurationError) {
        setting = try SettingTable.port(key, of: kind)
      } catch {
        throw ConfigurationError(error.kind, path: path, error.message, fix: error.fix)
      }
      guard values[setting] == nil else { throw ConfigurationError(path: path, "given twice") }
      do throws(ConfigurationError) {
        values[setting] = try setting.read(text, .spec)
      } catch {
        throw ConfigurationError(path: path, error.message, fix: error.fix)
      }
    }
    try self.init(kind: kind, target: target, name: values[.portName]?.textValue, values: values)
  }
}
