// Names of ports and switches: what they may hold, and how a port gets one when none was given.

package enum PortName {
  package static let maximumLength = 32

  /// 1 to 32 of `[A-Za-z0-9_.-]`.
  package static func isValid(_ text: String) -> Bool {
    (1...maximumLength).contains(text.utf8.count) && text.utf8.allSatisfy(isAllowed)
  }

  /// Every other character becomes `-`; cut to 32.
  package static func made(from text: String) -> String {
    var name: [UInt8] = []
    for character in text.prefix(maximumLength) {
      if let ascii = character.asciiValue, isAllowed(ascii) {
        name.append(ascii)
      } else {
        name.append(UInt8(ascii: "-"))
      }
    }
    return String(decoding: name, as: UTF8.self)
  }

  /// The first of `NAME-2`, `NAME-3`, … that `isTaken` denies, cut so that the number fits.
  package static func free(like name: String, isTaken: (String) -> Bool) -> String {
    var number = 2
    while true {
      let suffix = "-\(number)"
      let candidate = name.prefix(maximumLength - suffix.utf8.count) + suffix
      if !isTaken(String(candidate)) { return String(candidate) }
      number += 1
    }
  }

  static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

package enum SwitchName {
  package static let standard = "switch0"

  /// `[a-z0-9][a-z0-9_.-]{0,30}`.
  package static func isValid(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 31 else { return false }
    let isUpper = { (byte: UInt8) in (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    let punctuation: [UInt8] = [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-")]
    return !punctuation.contains(first) && text.utf8.allSatisfy { PortName.isAllowed($0) && !isUpper($0) }
  }
}
