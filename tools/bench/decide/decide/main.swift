// What the bridge takes to decide about one frame to a random known station, by itself.
//
//   decide plain|everything STATIONS COUNT
//       prints: decided N delivered N nanoseconds N       a decision, the median of batches of 64
//
// Under callgrind, `askBatch` holds what is to be counted.

internal import BridgeCore
internal import Wire

let batch = 64

/// How many were delivered. Which header comes next is taken from the verdict before: a processor that looked up several
/// stations at once would hide what a switch waits for, which writes a frame in between.
@inline(never)
func askBatch(_ bridge: inout Bridge, _ headers: [FrameHeader], _ nothing: Int) -> Int {
  var delivered = 0, shift = 0
  for position in 0..<batch {
    let verdict = bridge.decide(headers[position &+ shift], from: Scenario.sender, at: Scenario.now)
    shift = Int(verdict.port.rawValue) & nothing
    if verdict.action == .deliver { delivered &+= 1 }
  }
  return delivered
}

func measure(_ features: Features, stations: Int, batches: Int) throws -> (delivered: Int, nanoseconds: Double) {
  var scenario = Scenario(features, stations: stations)
  let clock = ContinuousClock()
  var delivered = 0
  var took: [Duration] = []
  took.reserveCapacity(batches)
  let nothing = CommandLine.arguments.count &- 4
  for _ in 0..<batches {
    var headers: [FrameHeader] = []
    for _ in 0..<batch { headers.append(try scenario.next()) }
    let began = clock.now
    delivered += askBatch(&scenario.bridge, headers, nothing)
    took.append(began.duration(to: clock.now))
  }
  took.sort()
  return (delivered, took[batches / 2] / .nanoseconds(batch))
}

guard CommandLine.arguments.count == 4, let features = Features(rawValue: CommandLine.arguments[1]),
  let stations = Int(CommandLine.arguments[2]), 1...1_000_000 ~= stations,
  let count = Int(CommandLine.arguments[3]), batch...1_000_000_000 ~= count
else { fatalError("usage: decide plain|everything STATIONS COUNT, stations 1 to 1000000, count 64 or more") }

let batches = count / batch
let (delivered, nanoseconds) = try measure(features, stations: stations, batches: batches)
print("decided \(batches * batch) delivered \(delivered) nanoseconds \(nanoseconds)")
