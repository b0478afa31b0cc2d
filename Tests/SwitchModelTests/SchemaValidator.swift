// As much of JSON Schema as our schemas use: enough to hold them against values in tests.

import SwitchModel

struct SchemaValidator {
  let root: JSONValue

  /// What is wrong with `value`, with places; empty if nothing is.
  func faults(_ value: JSONValue, _ schema: JSONValue, _ path: String = "$") -> [String] {
    var faults: [String] = []
    for keyword in schema.members ?? [] { faults += self.faults(value, keyword, schema, path) }
    return faults
  }

  private func faults(_ value: JSONValue, _ keyword: JSONMember, _ schema: JSONValue, _ path: String) -> [String] {
    let fault = ["\(path): \(keyword.key) \(keyword.value.text) against \(value.text)"]
    switch keyword.key {
    case "$ref":
      var target = root
      for part in (keyword.value.string ?? "").split(separator: "/").dropFirst() {
        target = target[String(part)] ?? [:]
      }
      return target == [:] ? fault : faults(value, target, path)
    case "type":
      let types = keyword.value.array ?? [keyword.value]
      return types.contains { $0.string.map { isOf($0, value) } ?? false } ? [] : fault
    case "enum": return keyword.value.array?.contains(value) ?? false ? [] : fault
    case "const": return value == keyword.value ? [] : fault
    case "anyOf": return (keyword.value.array ?? []).contains { faults(value, $0, path).isEmpty } ? [] : fault
    case "oneOf": return (keyword.value.array ?? []).filter { faults(value, $0, path).isEmpty }.count == 1 ? [] : fault
    case "minimum": return value.integer.map { $0 >= keyword.value.integer ?? .max } ?? true ? [] : fault
    case "maximum": return value.integer.map { $0 <= keyword.value.integer ?? .min } ?? true ? [] : fault
    case "maxLength": return value.string.map { $0.count <= keyword.value.integer ?? 0 } ?? true ? [] : fault
    case "pattern":
      guard let text = value.string, let pattern = keyword.value.string, let regex = try? Regex(pattern) else {
        return []
      }
      return text.firstMatch(of: regex) == nil ? fault : []
    case "required":
      guard value.members != nil else { return [] }
      return (keyword.value.array ?? []).allSatisfy { value[$0.string ?? ""] != nil } ? [] : fault
    case "properties":
      return (keyword.value.members ?? []).flatMap { property in
        value[property.key].map { faults($0, property.value, "\(path).\(property.key)") } ?? []
      }
    case "additionalProperties":
      let known = schema["properties"]?.members?.map(\.key) ?? []
      let others = (value.members ?? []).filter { !known.contains($0.key) }
      if keyword.value == false { return others.isEmpty ? [] : fault }
      return others.flatMap { faults($0.value, keyword.value, "\(path).\($0.key)") }
    case "propertyNames": return (value.members ?? []).flatMap { faults(.string($0.key), keyword.value, path) }
    case "maxProperties": return value.members?.count ?? 0 <= keyword.value.integer ?? 0 ? [] : fault
    case "items": return (value.array ?? []).flatMap { faults($0, keyword.value, path + "[]") }
    case "uniqueItems": return Set(value.array ?? []).count == value.array?.count ?? 0 ? [] : fault
    case "$schema", "$defs", "title", "description", "default", "format": return []
    default: return ["the validator does not know \(keyword.key)"]
    }
  }

  private func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch (type, value) {
    case ("null", .null), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number),
      ("string", .string), ("array", .array), ("object", .object):
      true
    case ("integer", .number(let text)): UInt64(text) != nil
    default: false
    }
  }
}
