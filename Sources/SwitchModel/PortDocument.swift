// A port as an object: below `ports:` in YAML, and in `POST /v1/ports`. All mistakes are collected.

extension PortConfiguration {
  /// The object of `POST /v1/ports`: that of YAML plus `name`, which may be left out.
  package init(request: JSONValue) throws(ConfigurationErrors) {
    var errors: [ConfigurationError] = []
    let port = PortConfiguration.read(DocumentNode(json: request), name: nil, path: "", source: nil, &errors)
    guard let port, errors.isEmpty else {
      throw ConfigurationErrors(errors) ?? ConfigurationErrors(ConfigurationError("no port"))
    }
    self = port
  }

  /// The object that `POST /v1/ports` takes for this port.
  package var request: JSONValue {
    var object = settingsObject
    object[Setting.portName.key] = .string(name)
    return object
  }

  /// Reads an object; nil, with at least one more error, if it is none that makes a port.
  /// - Parameters:
  ///   - name: the key under `ports:`; nil where `name` stands inside.
  ///   - path: what stands in front of a key in messages.
  static func read(
    _ node: DocumentNode, name: String?, path: String, source: String?, _ errors: inout [ConfigurationError]
  ) -> PortConfiguration? {
    let before = errors.count
    let kinds = PortKind.allCases.map(\.rawValue)
    guard case .mapping(let members) = node.content else {
      errors.append(
        ConfigurationError(
          source: source, line: node.line, column: node.column, path: path,
          "found \(node.shape), allowed: a mapping with \(kinds.joined(separator: ", "))"))
      return nil
    }
    var kind: PortKind?
    var target: String?
    for member in members where (kinds + PortKind.later).contains(member.key) {
      let place = ConfigurationError(
        source: source, line: member.line, column: member.column, path: ConfigurationPath.join(path, member.key), "")
      do throws(ConfigurationError) {
        guard kind == nil else { throw ConfigurationError("a second kind, allowed: exactly one") }
        let named = try PortKind.named(member.key)
        kind = named
        guard case .scalar(let text) = member.value.content else {
          throw ConfigurationError("found \(member.value.shape), allowed: \(named.allowedTarget)")
        }
        do throws(ValueFault) {
          target = try named.parseTarget(text)
        } catch {
          throw ConfigurationError(error.message, fix: error.fix)
        }
      } catch {
        errors.append(place.saying(error))
      }
    }
    var values: [Setting: SettingValue] = [:]
    for member in members where !(kinds + PortKind.later).contains(member.key) {
      let place = ConfigurationError(
        source: source, line: member.line, column: member.column, path: ConfigurationPath.join(path, member.key), "")
      do throws(ConfigurationError) {
        let setting = try SettingTable.port(member.key, of: kind)
        if setting == .portName, name != nil {
          throw ConfigurationError("the name is the key above", fix: "remove it")
        }
        values[setting] = try setting.read(member.value)
      } catch {
        errors.append(place.saying(error))
      }
    }
    if kind == nil, errors.count == before {
      errors.append(
        ConfigurationError(
          source: source, line: node.line, column: node.column, path: path,
          "no kind, allowed: exactly one of \(kinds.joined(separator: ", "))", fix: "add tap: DEVICE"))
    }
    // Beside a value that could not be read, others would seem to contradict what is not there.
    for contradiction in errors.count == before ? PortConsistency.contradictions(values) : [] {
      // Told at the line of the key that should change, where it stands in the file.
      let member = members.first { $0.key == contradiction.path }
      var located = contradiction
      located.source = source
      located.line = member?.line ?? node.line
      located.column = member?.column ?? node.column
      located.path = ConfigurationPath.join(path, contradiction.path)
      errors.append(located)
    }
    guard let kind, let target, errors.count == before else { return nil }
    do throws(ConfigurationError) {
      return try PortConfiguration(
        kind: kind, target: target, name: name ?? values[.portName]?.textValue, values: values)
    } catch {
      errors.append(
        ConfigurationError(source: source, line: node.line, column: node.column, path: path, "").saying(error))
      return nil
    }
  }
}

extension ConfigurationError {
  /// This place with what another says.
  func saying(_ other: ConfigurationError) -> ConfigurationError {
    var result = self
    result.kind = other.kind
    result.message = other.message
    result.fix = other.fix
    if !other.path.isEmpty, path.isEmpty { result.path = other.path }
    return result
  }
}
