// swift-tools-version: 6.2
import PackageDescription

// The fuzz targets are a package of their own, so that nobody who builds tapswitch builds them. They see the
// same sources through the link `Sources`. How to build and run them is in CONTRIBUTING.md; tools/test does both.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .treatAllWarnings(as: .error),
]

func fuzzer(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["Wire", "BridgeCore", "Stations", "Offload", "FuzzDriver"], path: name,
    swiftSettings: strict)
}

let package = Package(
  name: "tapswitch-fuzz",
  products: ["fuzzBridge", "fuzzMerge", "fuzzOffload", "fuzzStations"].map { .executable(name: $0, targets: [$0]) },
  targets: [
    .target(name: "Wire", swiftSettings: strict),
    .target(name: "BridgeCore", dependencies: ["Wire"], swiftSettings: strict),
    .target(name: "Stations", dependencies: ["Wire"], swiftSettings: strict),
    .target(name: "Offload", dependencies: ["Wire"], swiftSettings: strict),
    .target(name: "CFuzzer", path: "CFuzzer"),
    .target(name: "FuzzDriver", dependencies: ["CFuzzer"], path: "FuzzDriver", swiftSettings: strict),
    fuzzer("fuzzBridge"),
    fuzzer("fuzzMerge"),
    fuzzer("fuzzOffload"),
    fuzzer("fuzzStations"),
  ]
)
