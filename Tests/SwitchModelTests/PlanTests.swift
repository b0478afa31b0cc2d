import Testing
import Wire

@testable import SwitchModel

/// From one configuration to another: the readable difference, and what is to be done.
@Suite struct PlanTests {
  private func configuration(_ json: String) throws -> SwitchConfiguration {
    try SwitchConfiguration(document: DocumentNode(json: try JSONValue(parsing: json)))
  }

  private var lab: String {
    #"{"name":"lab","ageing":300,"ports":{"web":{"tap":"t-web","vlan":10},"db":{"tap":"t-db","vlan":10,"netns":"db"},"#
      + #""nic":{"tap":"t-nic","vlan":"trunk","tagged":[10]},"gone":{"tap":"t-gone","vlan":10}},"fdb":["#
      + #"{"mac":"52:54:00:00:00:01","port":"web"},{"mac":"52:54:00:00:00:02","port":"db"},"#
      + #"{"mac":"52:54:00:00:00:03","port":"nic","vlan":10},{"mac":"52:54:00:00:00:04","port":"gone"}]}"#
  }

  @Test func golden() throws {
    let running = try configuration(lab)
    let wanted = try configuration(
      #"{"name":"other","ageing":600,"table_size":1024,"workers":2,"default_vlan":7,"forward_reserved":true,"#
        + #""listen":8080,"ports":{"web":{"tap":"t-web","vlan":10,"mac_limit":4,"secure":true},"#
        + #""db":{"tap":"t-db","vlan":10,"netns":"/run/netns/db","comment":"x"},"#
        + #""nic":{"tap":"t-new","vlan":"trunk","native":"none","tagged":[10,20]},"new":{"tap":"t-1","persist":true}},"#
        + #""fdb":[{"mac":"52:54:00:00:00:01","port":"db"},{"mac":"52:54:00:00:00:03","port":"nic","vlan":10},"#
        + #"{"mac":"52:54:00:00:00:02","port":"db","sticky":true},{"mac":"52:54:00:00:00:05","port":"new"}]}"#)
    let plan = running.plan(to: wanted)
    #expect(plan.removedPorts.map(\.name) == ["gone"] && plan.addedPorts.map(\.name) == ["new"])
    #expect(plan.remadePorts.map(\.new.name) == ["nic"] && plan.patchedPorts.map(\.new.name) == ["web", "db"])
    #expect(plan.patchedPorts.first?.settings == [.macLimit, .secure])
    #expect(plan.remadePorts.first?.settings == [.native, .tagged])
    #expect(plan.removedEntries.map(\.mac.bits) == [4, 1, 2].map { 0x5254_0000_0000 + $0 })
    #expect(plan.addedEntries.map(\.mac.bits) == [1, 2, 5].map { 0x5254_0000_0000 + $0 })
    #expect(plan.keptEntriesOfRemadePorts.map(\.mac.bits) == [0x5254_0000_0003])
    #expect(plan.settings == [.ageing, .defaultVLAN, .forwardReserved, .listen])
    #expect(plan.restartSettings == [.switchName, .tableSize, .workers])
    var text = plan.document.lines.map { $0 + "\n" }.joined()
    text += try JSONValue(encoding: plan.document).prettyText + "\n"
    text += "\(try #require(plan.obstacle))\n"
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/plan.txt")
    #expect(plan.obstacle?.httpStatus == 422)
  }

  @Test func nothing() throws {
    let lab = try configuration(lab)
    let plan = lab.plan(to: lab)
    #expect(plan.isEmpty && plan == ConfigurationPlan() && plan.document.changes == [] && plan.obstacle == nil)
    // A name that may have come from the command line stays unless the file says another.
    var nameless = lab
    nameless.set(.switchName, to: nil)
    #expect(lab.plan(to: nameless).isEmpty)
    #expect(nameless.plan(to: lab).restartSettings == [.switchName])
  }

  /// Whether a port is made anew: only by what cannot change live.
  @Test(
    arguments: [
      ("tap:x,name=w,mtu=9000", "tap:x,name=w", false), ("tap:x,name=w", "tap:y,name=w", true),
      ("tap:x,name=w,mac=52:54:00:00:00:01", "tap:x,name=w", true),
      ("tap:x,name=w,netns=a", "tap:x,name=w,netns=b", true),
      ("tap:x,name=w,netns=a", "tap:x,name=w,netns=/run/netns/a", false),
      ("tap:x,name=w,persist=on", "tap:x,name=w", true),
      ("tap:x,name=w,napi=on", "tap:x,name=w", true), ("tap:x,name=w,rps_cpus=1", "tap:x,name=w", false),
      ("tap:x,name=w,vlan=10", "tap:x,name=w,qinq=10", false),
    ])
  func remade(_ old: String, _ new: String, _ isRemade: Bool) throws {
    var (running, wanted) = (SwitchConfiguration(), SwitchConfiguration())
    try running.add(PortConfiguration(spec: old))
    try wanted.add(PortConfiguration(spec: new))
    let plan = running.plan(to: wanted)
    #expect(plan.remadePorts.count == (isRemade ? 1 : 0) && plan.patchedPorts.count == (isRemade ? 0 : 1))
    #expect(plan.document.remade == (isRemade ? ["w"] : []))
  }

  /// Doing what a plan says makes the configuration wanted; the way back names the same paths the other way round.
  @Test(arguments: seeds) func reachesWhatIsWanted(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let (running, wanted) = (try RandomConfiguration.whole(&random), try RandomConfiguration.whole(&random))
      let plan = running.plan(to: wanted)
      var result = running
      for entry in plan.removedEntries { #expect(result.removeEntries(of: entry.mac, vlan: entry.vlan) == 1) }
      for setting in plan.settings + plan.restartSettings { result.set(setting, to: wanted.values[setting]) }
      for change in plan.patchedPorts { try result.replace(change.new) }
      for port in plan.removedPorts + plan.remadePorts.map(\.old) { try result.removePort(named: port.name) }
      for port in plan.remadePorts.map(\.new) + plan.addedPorts { try result.add(port) }
      for entry in plan.addedEntries + plan.keptEntriesOfRemadePorts { try result.add(entry) }
      #expect(result.plan(to: wanted).isEmpty)
      #expect(Set(result.ports) == Set(wanted.ports) && Set(result.entries) == Set(wanted.entries))
      let back = Set(wanted.plan(to: running).changes.map(\.path).filter { $0 != "name" })
      #expect(back == Set(plan.changes.map(\.path).filter { $0 != "name" }))
      #expect(try JSONValue(encoding: plan.document).decoded(as: PlanDocument.self) == plan.document)
      #expect(try SwitchConfiguration(document: DocumentNode(json: wanted.document)) == wanted)
    }
  }

  @Test func warnings() throws {
    var text = ""
    for json in [
      #"{"ports":{"a":{"tap":"a"},"b":{"tap":"b"}}}"#,
      #"{"ports":{"a":{"tap":"a","vlan":1},"b":{"tap":"b","qinq":2}}}"#,
      #"{"ports":{"a":{"tap":"a","vlan":10},"b":{"tap":"b"}}}"#,
      #"{"ports":{"a":{"tap":"a","vlan":10},"b":{"tap":"b","vlan":"trunk"},"c":{"tap":"c"},"d":{"tap":"d","accept":"all"}}}"#,
      #"{"default_vlan":7,"ports":{"a":{"tap":"a","vlan":10},"b":{"tap":"b"}}}"#,
    ] {
      text += json + "\n" + (try configuration(json)).warnings.map { "  \($0)\n" }.joined()
    }
    var many = SwitchConfiguration()
    for index in 0..<12 { try many.add(PortConfiguration(spec: "tap:t\(index)\(index > 9 ? ",vlan=5" : "")")) }
    text += many.warnings.map { "  \($0)\n" }.joined()
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/warnings.txt")
    #expect(SwitchConfiguration().plan(to: many).document.warnings == many.warnings)
  }
}
