// Finds the elements of one JSON array in bytes that come in pieces. It only counts brackets; whether an element is
// JSON is for its reader to say.

struct ArraySplitter {
  private enum Place { case before, inside, after }
  private var place = Place.before
  private var depth = 0
  private var isText = false
  private var isEscaped = false
  private var element: [UInt8] = []

  /// The closing bracket was seen.
  var isComplete: Bool { place == .after }

  /// Takes the next bytes and hands out every element that ends in them.
  mutating func feed(_ piece: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
    for byte in piece {
      switch place {
      case .before:
        if ArraySplitter.isSpace(byte) { continue }
        guard byte == UInt8(ascii: "[") else { throw ControlFailure.strange("no array") }
        place = .inside
      case .inside:
        try take(byte, body)
      case .after:
        guard ArraySplitter.isSpace(byte) else { throw ControlFailure.strange("text behind the array") }
      }
    }
  }

  private mutating func take(_ byte: UInt8, _ body: ([UInt8]) throws -> Void) throws {
    if isText {
      element.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isText = false
      }
      return
    }
    switch byte {
    case UInt8(ascii: ",") where depth == 0:
      try end(body)
    case UInt8(ascii: "]") where depth == 0:
      if !element.isEmpty { try end(body) }
      place = .after
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
      element.append(byte)
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      guard depth > 0 else { throw ControlFailure.strange("a closing bracket too many") }
      depth -= 1
      element.append(byte)
    case _ where element.isEmpty && ArraySplitter.isSpace(byte):
      break
    default:
      isText = byte == UInt8(ascii: "\"")
      element.append(byte)
    }
    guard element.count <= 1 << 20 else { throw ControlFailure.strange("an element of more than 1 MiB") }
  }

  private mutating func end(_ body: ([UInt8]) throws -> Void) throws {
    try body(element)
    element.removeAll(keepingCapacity: true)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
