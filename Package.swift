// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled alike: Swift 6 language mode, strict memory safety, no warnings.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

/// The frame path crosses module boundaries several times a frame; without cross-module
/// optimisation each crossing is an opaque call. `tools/bench` shows the difference.
let hot: [SwiftSetting] = strict + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = strict) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
  name: "tapswitch",
  products: [.executable(name: "tapswitch", targets: ["tapswitch"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // system
    .target(name: "CLinux"),
    .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // pure
    module("Wire", [], hot),
    module("BridgeCore", ["Wire"], hot),
    module("Stations", ["Wire"]),
    module("Offload", ["Wire"], hot),
    module("SwitchModel", ["Wire", "BridgeCore"]),

    // system and join
    module("LinuxIO", ["CLinux", "Wire"], hot),
    module("Capture", ["Wire", "BridgeCore", "LinuxIO"], hot),
    module("Dataplane", ["Wire", "BridgeCore", "Offload", "LinuxIO", "Capture"], hot),

    // control
    module(
      "SwitchDaemon",
      [
        "Wire", "BridgeCore", "Stations", "Offload", "LinuxIO", "Capture", "Dataplane", "SwitchModel", "CYAML",
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "tapswitch",
      dependencies: [
        "Wire", "BridgeCore", "SwitchModel", "Capture", "LinuxIO", "SwitchDaemon",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),

    tests("Wire", []),
    tests("Offload", ["Wire"]),
    tests("Stations", ["Wire", "BridgeCore"]),
    tests("BridgeCore", ["Wire"]),
    tests("SwitchModel", ["Wire"]),
    tests("LinuxIO", ["Wire"]),
    tests("Capture", ["Wire", "LinuxIO"]),
    .target(name: "CMallocCount", path: "Tests/CMallocCount"),
    tests("Dataplane", ["BridgeCore", "Capture", "LinuxIO", "Wire", "CMallocCount"]),
    tests("SwitchDaemon", ["SwitchModel", "Wire", "tapswitch", .product(name: "Logging", package: "swift-log")]),
  ]
)
