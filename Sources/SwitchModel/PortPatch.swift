// Live change of a port: a JSON merge patch (RFC 7396) on its settings. All keys or none; what does not change live
// is refused with the commands that do it.

/// What a patch makes of a port.
package struct PortPatch: Sendable, Equatable {
  package let configuration: PortConfiguration
  /// Settings whose value is another now, in the order of the table.
  package let changed: [Setting]
}

extension PortConfiguration {
  /// - Parameter patch: an object of settings; null means the default. The key of the kind and settings that do not
  ///   change live may stand in it with the value they have.
  package func patched(with patch: JSONValue) throws(ConfigurationErrors) -> PortPatch {
    guard let members = patch.members else {
      throw ConfigurationErrors(
        ConfigurationError("found \(patch.shape), allowed: an object of settings", fix: "{\"mtu\": 9000}"))
    }
    var errors: [ConfigurationError] = []
    var wanted = self
    var newTarget = target
    var fixed: [String] = []
    var written: [Setting: SettingValue] = [:]
    for member in members {
      let place = ConfigurationError(path: ConfigurationPath.join("", member.key), "")
      do throws(ConfigurationError) {
        if member.key == kind.rawValue {
          newTarget = try readTarget(member.value)
          if newTarget != target { fixed.append(member.key) }
          continue
        }
        if PortKind(rawValue: member.key) != nil || PortKind.later.contains(member.key) {
          throw ConfigurationError("port \(name) is of kind \(kind.rawValue), allowed: its settings")
        }
        let setting = try SettingTable.port(member.key, of: kind)
        let given = try setting.read(DocumentNode(json: member.value))
        let value = given ?? setting.defaultValue
        written[setting] = given
        if setting == .portName {
          let newName = value?.textValue ?? kind.defaultName(for: target)
          if newName != name { fixed.append(member.key) }
          wanted = wanted.renamed(newName)
          continue
        }
        if value != self[setting], !setting.isLive { fixed.append(member.key) }
        wanted = wanted.setting(setting, to: value)
      } catch {
        errors.append(place.saying(error))
      }
    }
    if let errors = ConfigurationErrors(errors) { throw errors }
    // Beside what stays, what was written counts even where it is the default.
    errors = PortConsistency.contradictions(wanted.values.merging(written) { $1 }).map { contradiction in
      guard !members.contains(where: { $0.key == contradiction.path }) else { return contradiction }
      var told = contradiction
      told.fix = "set \(contradiction.path)= (its default) in the same change"
      return told
    }
    if let errors = ConfigurationErrors(errors) { throw errors }
    if let key = fixed.first {
      if newTarget != target { wanted = wanted.moved(to: newTarget) }
      let commands = "tapswitch port remove \(name) && tapswitch port add \(Shell.quoted(wanted.spec))"
      let others = fixed.count == 1 ? "" : ", nor does \(fixed.dropFirst().joined(separator: ", "))"
      throw ConfigurationErrors(
        ConfigurationError(path: key, "does not change while the port runs\(others)", fix: "make it anew: \(commands)"))
    }
    let changed = SettingTable.settings(of: kind).filter { self[$0] != wanted[$0] }
    return PortPatch(configuration: wanted, changed: changed)
  }

  /// The patch that arguments `KEY=VALUE` of `port set` stand for. `KEY=` means the default. Values stay text: the
  /// switch types them by its table.
  package static func patch(arguments: [String]) throws(ConfigurationError) -> JSONValue {
    var members: [JSONMember] = []
    for argument in arguments {
      guard let (key, value) = PortSpec.assignment(argument), !key.isEmpty else {
        throw ConfigurationError("\(TerminalText.quoted(argument)) has no KEY=, allowed: KEY=VALUE")
      }
      guard !members.contains(where: { $0.key == key }) else {
        throw ConfigurationError(path: TerminalText.escaped(key), "given twice")
      }
      if key != Setting.comment.key, let words = apart(argument) {
        throw ConfigurationError(
          path: TerminalText.escaped(key), "\(TerminalText.quoted(argument)) holds several settings",
          fix: "with 'port set' each is a word of its own: \(words)")
      }
      members.append(JSONMember(key, value.isEmpty ? .null : .string(value)))
    }
    return .object(members)
  }

  /// Settings in one word, as in a SPEC, as words; nil unless a comma stands before a known key and `=`.
  private static func apart(_ argument: String) -> String? {
    var words: [String] = []
    for piece in argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      let key = PortSpec.assignment(piece)?.key
      if words.isEmpty || SettingTable.port.contains(where: { $0.key == key }) {
        words.append(piece)
      } else {
        words[words.count - 1] += "," + piece
      }
    }
    return words.count > 1 ? words.map { Shell.quoted($0) }.joined(separator: " ") : nil
  }

  private func readTarget(_ value: JSONValue) throws(ConfigurationError) -> String {
    guard let text = value.string else {
      throw ConfigurationError("found \(value.shape), allowed: \(kind.allowedTarget)")
    }
    do throws(ValueFault) {
      return try kind.parseTarget(text)
    } catch {
      throw ConfigurationError(error.message, fix: error.fix)
    }
  }
}

/// Words of a command as a shell takes them.
package enum Shell {
  /// The text itself where no shell would change it, in single quotes otherwise.
  package static func quoted(_ text: String) -> String {
    let plain: [UInt8] = Array("_.-:,=+/@%".utf8)
    let isPlain = text.utf8.allSatisfy { PortName.isAllowed($0) || plain.contains($0) }
    if isPlain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
