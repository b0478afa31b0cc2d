// swift-tools-version: 6.2
import PackageDescription

// The data plane and what is below it, to be built with the thread sanitizer: a package of its own, so that neither HTTP
// server nor client have to be built once more for it. The sources are the same, through the links. tools/test runs it.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "tapswitch-race",
  targets: [
    .target(name: "CLinux"),
    module("Wire"),
    module("BridgeCore", ["Wire"]),
    module("Offload", ["Wire"]),
    module("LinuxIO", ["CLinux", "Wire"]),
    module("Capture", ["Wire", "BridgeCore", "LinuxIO"]),
    module("Dataplane", ["Wire", "BridgeCore", "Offload", "LinuxIO", "Capture"]),
    .target(name: "CMallocCount", path: "Tests/CMallocCount"),
    .testTarget(
      name: "DataplaneTests", dependencies: ["Dataplane", "BridgeCore", "Capture", "LinuxIO", "Wire", "CMallocCount"],
      swiftSettings: strict),
  ]
)
