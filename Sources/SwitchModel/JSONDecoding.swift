// From a JSONValue to a Codable value: how the command reads the answers of the switch. Total: a number that does not
// fit and a member that is missing are errors with their path, never traps.

extension JSONValue {
  /// Decodes a value; unknown members are ignored, since the contract only ever adds.
  package func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    try decode(type, path: [])
  }

  fileprivate func decode<Value: Decodable>(_ type: Value.Type, path: [any CodingKey]) throws -> Value {
    if type == JSONValue.self, let value = self as? Value { return value }
    return try Value(from: ValueDecoder(value: self, codingPath: path))
  }

  fileprivate func mismatch<Value>(_ type: Value.Type, _ path: [any CodingKey]) -> DecodingError {
    DecodingError.typeMismatch(type, .init(codingPath: path, debugDescription: "found \(shape)"))
  }

  fileprivate func number<Value: FixedWidthInteger>(_ type: Value.Type, _ path: [any CodingKey]) throws -> Value {
    switch self {
    case .integer(let number): if let value = Value(exactly: number) { return value }
    case .number(let text): if let value = Value(text) { return value }
    default: break
    }
    throw mismatch(type, path)
  }
}

private struct ValueDecoder: Decoder {
  let value: JSONValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = value.members else { throw value.mismatch([String: JSONValue].self, codingPath) }
    return KeyedDecodingContainer(Keyed<Key>(members: members, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let items = value.array else { throw value.mismatch([JSONValue].self, codingPath) }
    return Unkeyed(items: items, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(value: value, codingPath: codingPath) }
}

private struct Single: SingleValueDecodingContainer {
  let value: JSONValue
  let codingPath: [any CodingKey]

  func decodeNil() -> Bool { value.isNull }
  func decode(_ type: Bool.Type) throws -> Bool {
    guard let result = value.bool else { throw value.mismatch(type, codingPath) }
    return result
  }
  func decode(_ type: String.Type) throws -> String {
    guard let result = value.string else { throw value.mismatch(type, codingPath) }
    return result
  }
  func decode(_ type: Double.Type) throws -> Double {
    guard let result = value.double else { throw value.mismatch(type, codingPath) }
    return result
  }
  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try value.number(type, codingPath) }
  func decode(_ type: Int8.Type) throws -> Int8 { try value.number(type, codingPath) }
  func decode(_ type: Int16.Type) throws -> Int16 { try value.number(type, codingPath) }
  func decode(_ type: Int32.Type) throws -> Int32 { try value.number(type, codingPath) }
  func decode(_ type: Int64.Type) throws -> Int64 { try value.number(type, codingPath) }
  func decode(_ type: UInt.Type) throws -> UInt { try value.number(type, codingPath) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try value.number(type, codingPath) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try value.number(type, codingPath) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try value.number(type, codingPath) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try value.number(type, codingPath) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try value.decode(type, path: codingPath) }
}

private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let members: [JSONMember]
  let codingPath: [any CodingKey]

  var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }
  func contains(_ key: Key) -> Bool { members.contains { $0.key == key.stringValue } }

  private func value(_ key: Key) throws -> JSONValue {
    guard let member = members.first(where: { $0.key == key.stringValue }) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "no member \(key.stringValue)"))
    }
    return member.value
  }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try value(key).decode(type, path: codingPath + [key])
  }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
    -> KeyedDecodingContainer<Nested>
  {
    try ValueDecoder(value: value(key), codingPath: codingPath + [key]).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try ValueDecoder(value: value(key), codingPath: codingPath + [key]).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { ValueDecoder(value: .object(members), codingPath: codingPath) }
  func superDecoder(forKey key: Key) throws -> any Decoder {
    ValueDecoder(value: try value(key), codingPath: codingPath + [key])
  }
}

private struct Unkeyed: UnkeyedDecodingContainer {
  let items: [JSONValue]
  let codingPath: [any CodingKey]
  var currentIndex = 0

  init(items: [JSONValue], codingPath: [any CodingKey]) {
    self.items = items
    self.codingPath = codingPath
  }

  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex >= items.count }

  private mutating func next() throws -> JSONValue {
    guard currentIndex < items.count else {
      throw DecodingError.valueNotFound(
        JSONValue.self, .init(codingPath: codingPath, debugDescription: "the array has only \(items.count) items"))
    }
    defer { currentIndex += 1 }
    return items[currentIndex]
  }

  mutating func decodeNil() -> Bool {
    guard currentIndex < items.count, items[currentIndex].isNull else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let path = codingPath + [AnyKey("\(currentIndex)")]
    return try next().decode(type, path: path)
  }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try ValueDecoder(value: next(), codingPath: codingPath).container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try ValueDecoder(value: next(), codingPath: codingPath).unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { ValueDecoder(value: try next(), codingPath: codingPath) }
}
