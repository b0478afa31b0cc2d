import Testing

@testable import SwitchModel

/// Sets of VLANs, and which VLANs a port carries by its settings.
@Suite struct VLANTests {
  @Test func sets() {
    var set = VLANSet()
    #expect(set.isEmpty && set.text == "" && set.ranges.isEmpty && Array(set) == [])
    for vlan in [0, 1, 63, 64, 65, 4094, 4095, .max] as [UInt16] { set.insert(vlan) }
    #expect(Array(set) == [1, 63, 64, 65, 4094] && set.count == 5 && set.text == "1,63-65,4094")
    #expect(!set.contains(0) && !set.contains(4095) && set.contains(4094) && !set.contains(2))
    set.remove(64)
    set.remove(0)
    #expect(set.items == ["1", "63", "65", "4094"])
    #expect(VLANSet.all.count == 4094 && VLANSet.all.text == "1-4094" && VLANSet.all.words[63] == .max >> 1)
    #expect(VLANSet(0...10).text == "1-10" && VLANSet(4090...4095).text == "4090-4094" && VLANSet(4095...4095).isEmpty)
    let (a, b) = (VLANSet(1...10), VLANSet(5...20))
    #expect(a.union(b).text == "1-20" && a.intersection(b).text == "5-10" && a.subtracting(b).text == "1-4")
    #expect(VLANSet(items: ["2-9", "11"]).text == "2-9,11")
  }

  @Test(arguments: seeds) func setsAgainstArrays(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let numbers = (0..<200).map { _ in UInt16.random(in: 0...4200, using: &random) }
      let set = VLANSet(numbers)
      let expected = Set(numbers.filter { (1...4094).contains($0) }).sorted()
      #expect(Array(set) == expected)
      #expect(set.text == VLANRanges.text(expected))
      #expect(VLANSet(items: set.items) == set)
      #expect(set.ranges.flatMap { Array($0) } == expected)
    }
  }

  /// Settings of a port, `default_vlan`, and what comes of them: mode, native, tagged, accept, tpid, qinq.
  @Test(arguments: [
    ("", "all", "trunk 1 2-4094 all 8100"), ("", "10", "access 10  untagged 8100"),
    ("vlan=trunk", "10", "trunk 1 2-4094 all 8100"), ("vlan=10", "all", "access 10  untagged 8100"),
    ("vlan=10,accept=all", "all", "access 10  all 8100"), ("vlan=4094,tpid=0x88A8", "1", "access 4094  untagged 88a8"),
    ("native=none", "10", "trunk 0 1-4094 all 8100"), ("native=5", "all", "trunk 5 1-4,6-4094 all 8100"),
    ("vlan=trunk,native=none,tagged=20-29+10", "all", "trunk 0 10,20-29 all 8100"),
    ("tagged=1+7", "99", "trunk 1 7 all 8100"), ("tagged=10,native=10", "all", "trunk 10  all 8100"),
    ("vlan=trunk,accept=tagged", "all", "trunk 1 2-4094 tagged 8100"),
    ("accept=untagged", "all", "trunk 1 2-4094 untagged 8100"), ("accept=all", "7", "access 7  all 8100"),
    ("qinq=300", "10", "access 300  all 8100 qinq"), ("qinq=300,tpid=0x88a8", "all", "access 300  all 88a8 qinq"),
    ("vlan=10,secure=on", "all", "access 10  untagged 8100"),
  ])
  func membership(_ settings: String, _ standard: String, _ expected: String) throws {
    let port = try PortConfiguration(spec: "tap:x" + (settings.isEmpty ? "" : ",\(settings)"))
    var configuration = SwitchConfiguration()
    try configuration.set(.defaultVLAN, option: "default_vlan", text: standard)
    let vlans = port.vlans(default: configuration.defaultVLAN)
    let text =
      "\(vlans.mode) \(vlans.native) \(vlans.tagged.text) \(vlans.accept) \(String(vlans.tpid, radix: 16))"
      + (vlans.isQinQ ? " qinq" : "")
    #expect(text == expected)
    #expect(!vlans.tagged.contains(vlans.native))
    #expect(vlans.vlans.contains(vlans.native) == (vlans.native != 0))
    #expect(vlans.contains(vlans.native) == (vlans.native != 0))
    let status = PortVLANStatus(vlans)
    #expect(status.native == (vlans.native == 0 ? nil : Int(vlans.native)) && status.tagged == vlans.tagged.text)
    #expect(status.mode.rawValue == "\(vlans.mode)")
  }

  @Test func standard() throws {
    let port = try PortConfiguration(spec: "tap:x")
    #expect(port.vlans(default: .all) == .standard && PortVLANStatus(.standard) == PortVLANStatus())
    #expect(!port.hasVLANSettings && SwitchConfiguration().defaultVLAN == .all)
    for setting in ["vlan=5", "vlan=trunk", "native=7", "tagged=7", "qinq=7"] {
      #expect(try PortConfiguration(spec: "tap:x,\(setting)").hasVLANSettings)
    }
    // What frames look like is no matter of which VLANs they are in.
    for setting in ["accept=untagged", "tpid=0x88a8", "isolated=on"] {
      #expect(try !PortConfiguration(spec: "tap:x,\(setting)").hasVLANSettings)
    }
  }
}
