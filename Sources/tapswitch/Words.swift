// Numbers and values of the contract in the words of tables and sheets.

internal import SwitchModel

enum Words {
  static func count(_ number: Int) -> String { Quantity.grouped(UInt64(clamping: number)) }

  /// `1 frame`, `1,234 frames`.
  static func frames(_ number: UInt64) -> String { "\(Quantity.grouped(number)) \(number == 1 ? "frame" : "frames")" }

  /// `1,234 frames, 1.50 MB`.
  static func traffic(_ number: UInt64, _ bytes: UInt64) -> String { "\(frames(number)), \(Quantity.bytes(bytes))" }

  /// `; now 10 frames/s, 1.20 kbit/s`; nothing where it is not known.
  static func rate(_ frames: UInt64?, _ bytes: UInt64?) -> String {
    guard let frames, let bytes else { return "" }
    return "; now \(Quantity.scaled(frames)) frames/s, \(Quantity.bitRate(bytesPerSecond: bytes))"
  }

  /// `access 10`, `trunk, native 1`.
  static func vlan(_ vlan: PortVLANStatus) -> String {
    let native = vlan.native.map { "\($0)" } ?? "none"
    return vlan.mode == .access ? "access \(native)" : "trunk, native \(native)"
  }

  static func age(_ seconds: Int?) -> String {
    seconds.map { Quantity.duration(seconds: UInt64(clamping: $0)) } ?? "-"
  }
}
