// Names in messages and in commands to paste. Who rules a namespace names the devices in it, and the kernel takes nearly
// any byte: neither a terminal nor a shell may be led astray by what somebody else chose.

extension String {
  /// The text with control characters escaped, for a message.
  package var shown: String {
    var text = ""
    for scalar in unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
      text += isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return text
  }

  /// The text as one word of a POSIX shell, quoted only if need be.
  package var shellWord: String {
    let plain =
      !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "_.,:/@%+=-".utf8.contains(byte)
        }
      }
    if plain { return self }
    return "'" + shown.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
