// swift-tools-version: 6.2
import PackageDescription

// What `decide` costs by itself, without a switch around it. A package of its own, so that nobody who builds tapswitch
// builds it; it sees the same sources through the link `Sources`, compiled as they are in the release.
let hot: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let package = Package(
  name: "tapswitch-decide",
  products: [.executable(name: "decide", targets: ["decide"])],
  targets: [
    .target(name: "Wire", swiftSettings: hot),
    .target(name: "BridgeCore", dependencies: ["Wire"], swiftSettings: hot),
    .executableTarget(name: "decide", dependencies: ["Wire", "BridgeCore"], path: "decide", swiftSettings: hot),
  ]
)
