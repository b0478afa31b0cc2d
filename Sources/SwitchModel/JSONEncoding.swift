// From a Codable value to a JSONValue, members in the order of their declaration: what people read has the order
// of the contract, which encoders that sort or hash their keys do not give.

extension JSONValue {
  /// Encodes any value. Throws for numbers that JSON does not have (NaN, infinity).
  package init(encoding value: some Encodable) throws {
    self = try JSONEncoding.encode(value, path: [])
  }
}

private enum JSONEncoding {
  static func encode(_ value: some Encodable, path: [any CodingKey]) throws -> JSONValue {
    if let value = value as? JSONValue { return value }
    let slot = Slot()
    try value.encode(to: ValueEncoder(slot: slot, codingPath: path))
    return slot.value ?? .object([])
  }
}

/// Where a container puts what it encodes; an object is being built while its container lives.
private final class Slot {
  private var single: JSONValue?
  private var members: [(key: String, slot: Slot)]?
  private var items: [Slot]?

  var count: Int { items?.count ?? 0 }

  var value: JSONValue? {
    if let members {
      return .object(members.compactMap { member in member.slot.value.map { JSONMember(member.key, $0) } })
    }
    if let items { return .array(items.map { $0.value ?? .object([]) }) }
    return single
  }

  func set(_ value: JSONValue) { single = value }
  func becomeObject() { members = members ?? [] }
  func becomeArray() { items = items ?? [] }

  func member(_ key: String) -> Slot {
    if let old = members?.first(where: { $0.key == key }) { return old.slot }
    let slot = Slot()
    members?.append((key, slot))
    return slot
  }

  func item() -> Slot {
    let slot = Slot()
    items?.append(slot)
    return slot
  }
}

private struct ValueEncoder: Encoder {
  let slot: Slot
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    slot.becomeObject()
    return KeyedEncodingContainer(Keyed<Key>(slot: slot, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    slot.becomeArray()
    return Unkeyed(slot: slot, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(slot: slot, codingPath: codingPath) }
}

extension Slot {
  func encode(_ value: Double, _ path: [any CodingKey]) throws {
    guard value.isFinite else {
      throw EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: "no number of JSON"))
    }
    set(Int(exactly: value).map { .integer($0) } ?? .number("\(value)"))
  }

  func encode(_ value: some BinaryInteger) { set(Int(exactly: value).map { .integer($0) } ?? .number("\(value)")) }

  /// Scalars directly, everything else through its own `encode(to:)`.
  func encode(any value: some Encodable, _ path: [any CodingKey]) throws {
    switch value {
    case let value as JSONValue: set(value)
    case let value as String: set(.string(value))
    case let value as Bool: set(.bool(value))
    case let value as any BinaryInteger: encode(value)
    case let value as Double: try encode(value, path)
    case let value as Float: try encode(Double(value), path)
    default: try value.encode(to: ValueEncoder(slot: self, codingPath: path))
    }
  }
}

private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let slot: Slot
  let codingPath: [any CodingKey]

  mutating func encodeNil(forKey key: Key) { slot.member(key.stringValue).set(.null) }
  mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try slot.member(key.stringValue).encode(any: value, codingPath + [key])
  }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
    -> KeyedEncodingContainer<Nested>
  {
    ValueEncoder(slot: slot.member(key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    ValueEncoder(slot: slot.member(key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder {
    ValueEncoder(slot: slot.member("super"), codingPath: codingPath)
  }
  mutating func superEncoder(forKey key: Key) -> any Encoder {
    ValueEncoder(slot: slot.member(key.stringValue), codingPath: codingPath + [key])
  }
}

private struct Unkeyed: UnkeyedEncodingContainer {
  let slot: Slot
  let codingPath: [any CodingKey]
  var count: Int { slot.count }

  mutating func encodeNil() { slot.item().set(.null) }
  mutating func encode<T: Encodable>(_ value: T) throws { try slot.item().encode(any: value, codingPath) }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    ValueEncoder(slot: slot.item(), codingPath: codingPath).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    ValueEncoder(slot: slot.item(), codingPath: codingPath).unkeyedContainer()
  }
  mutating func superEncoder() -> any Encoder { ValueEncoder(slot: slot.item(), codingPath: codingPath) }
}

private struct Single: SingleValueEncodingContainer {
  let slot: Slot
  let codingPath: [any CodingKey]

  mutating func encodeNil() { slot.set(.null) }
  mutating func encode<T: Encodable>(_ value: T) throws { try slot.encode(any: value, codingPath) }
}
