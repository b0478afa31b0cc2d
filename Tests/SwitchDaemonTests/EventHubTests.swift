// The events of a switch: numbers without gaps, a bounded memory, followers that cost nothing and miss nothing unsaid.

import Logging
import SwitchModel
import Synchronization
import Testing
import Wire

@testable import SwitchDaemon

enum TestEvents {
  static func hub(_ capacity: Int = EventHub.capacity) -> EventHub {
    EventHub(
      logger: Logger(label: "test") { _ in SwitchLogHandler(level: .critical, format: .text) }, capacity: capacity)
  }

  static func learned(_ number: Int) -> EventDocument {
    .learned(MACAddress(bits: UInt64(number)), vlan: 1, port: "web")
  }
}

/// Lines of a log.
final class LineBox: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }

  func logger(_ level: Logger.Level, _ format: LogFormat = .text) -> Logger {
    Logger(label: "test") { _ in
      SwitchLogHandler(level: level, format: format) { line in self.lines.withLock { $0.append(line) } }
    }
  }
}

struct EventHubTests {
  @Test func `events are numbered from one, and the oldest make room`() {
    let hub = TestEvents.hub(10)
    #expect(hub.kept().isEmpty && hub.kept(after: 0).isEmpty && hub.kept(after: 7).isEmpty)
    for number in 1...25 { #expect(hub.publish(TestEvents.learned(number)) == UInt64(number)) }
    #expect(hub.kept().map(\.sequence) == Array(16...25))
    #expect(hub.kept().allSatisfy { $0.time.hasSuffix("Z") && $0.mac == MACAddress(bits: $0.sequence).description })
    #expect(hub.kept(after: 20).map(\.sequence) == Array(21...25))
    #expect(hub.kept(after: 25).isEmpty)
    // From a switch before this one: nothing of ours has been seen.
    #expect(hub.kept(after: 26).map(\.sequence) == [15] + Array(16...25))
    #expect(hub.kept(after: .max).count == 11)
  }

  @Test(arguments: [(after: 0, lost: 15), (3, 12), (14, 1), (15, nil), (16, nil)] as [(UInt64, Int?)])
  func `what is no longer kept is counted, and the count resumes rightly`(after: UInt64, lost: Int?) {
    let hub = TestEvents.hub(10)
    for number in 1...25 { hub.publish(TestEvents.learned(number)) }
    let found = hub.kept(after: after)
    #expect(found.first?.type == (lost == nil ? .learned : .eventsLost))
    if let lost {
      #expect(found[0].count == lost && found[0].sequence == 15)
      #expect(hub.kept(after: found[0].sequence).map(\.sequence) == Array(16...25))
    }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.sequence + 1 == $1.sequence })
  }

  @Test func `a follower is told what is kept, then what comes, then the end`() async throws {
    let hub = TestEvents.hub()
    for number in 1...3 { hub.publish(TestEvents.learned(number)) }
    let follower = try hub.follower(after: 1)
    #expect(await numbers(follower) == [2, 3])
    async let next = numbers(follower)
    try await Task.sleep(for: .milliseconds(20))
    hub.publish(TestEvents.learned(4))
    #expect(await next == [4])
    hub.publish(TestEvents.learned(5))
    hub.finish()
    #expect(await numbers(follower) == [5])
    #expect(await follower.next() == nil)
    let problem = #expect(throws: Problem.self) { _ = try hub.follower(after: nil) }
    #expect(problem?.status == 503)
    #expect(hub.publish(TestEvents.learned(6)) == 6, "publishing goes on")
  }

  @Test func `a slow follower is told how much it missed`() async throws {
    let hub = TestEvents.hub(100)
    let follower = try hub.follower(after: nil)
    hub.publish(TestEvents.learned(1))
    #expect(await numbers(follower) == [1])
    for number in 2...1000 { hub.publish(TestEvents.learned(number)) }
    guard case .events(let events) = await follower.next() else { throw TestError("no events") }
    #expect(events[0].type == .eventsLost && events[0].count == 899 && events[0].sequence == 900)
    #expect(events.dropFirst().map(\.sequence) == Array(901...1000))
  }

  @Test func `who has asked for nothing old has lost nothing`() async throws {
    let hub = TestEvents.hub(2)
    for number in 1...9 { hub.publish(TestEvents.learned(number)) }
    let follower = try hub.follower(after: nil)
    #expect(await numbers(follower) == [8, 9])
  }

  @Test func `a tick and a close are noticed while waiting`() async throws {
    let hub = TestEvents.hub()
    let follower = try hub.follower(after: nil)
    for _ in 0..<3 {
      async let news = follower.next()
      try await Task.sleep(for: .milliseconds(10))
      follower.tick()
      guard case .nothing = await news else { throw TestError("no tick") }
    }
    async let end = follower.next()
    try await Task.sleep(for: .milliseconds(10))
    follower.close()
    #expect(await end == nil)
  }

  @Test func `followers are bounded, and a place is free again when one is gone`() throws {
    let hub = TestEvents.hub()
    var followers: [EventFollower] = []
    for _ in 0..<EventHub.followerLimit { followers.append(try hub.follower(after: nil)) }
    let problem = #expect(throws: Problem.self) { _ = try hub.follower(after: nil) }
    #expect(problem?.exitStatus == .tryAgain)
    followers.removeLast()
    followers.append(try hub.follower(after: nil))
    #expect(followers.count == EventHub.followerLimit)
  }

  @Test func `four threads publish and eight follow, and nobody misses anything unsaid`() async throws {
    let hub = TestEvents.hub(500)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for slowness in 0..<8 {
        let follower = try hub.follower(after: 0)
        group.addTask {
          var last: UInt64 = 0
          var lost = 0
          while let news = await follower.next() {
            guard case .events(let events) = news else { continue }
            for event in events {
              if event.type == .eventsLost {
                lost += event.count ?? 0
                #expect(event.sequence == last + UInt64(event.count ?? 0))
              } else {
                #expect(event.sequence == last + 1)
              }
              last = event.sequence
            }
            if slowness > 5 { try await Task.sleep(for: .milliseconds(1)) }
          }
          #expect(last == 4000)
          return lost
        }
      }
      await withTaskGroup(of: Void.self) { writers in
        for thread in 0..<4 {
          writers.addTask { for number in 0..<1000 { hub.publish(TestEvents.learned(thread * 1000 + number + 1)) } }
        }
      }
      hub.finish()
      try await group.waitForAll()
    }
  }

  private func numbers(_ follower: EventFollower) async -> [UInt64] {
    guard case .events(let events) = await follower.next() else { return [] }
    return events.map(\.sequence)
  }
}

struct EventLogTests {
  @Test func `an event is a line, at its level`() {
    let box = LineBox()
    let hub = EventHub(logger: box.logger(.notice))
    hub.publish(TestEvents.learned(1))
    hub.publish(.portUp("web"))
    hub.publish(.portWaiting("c", reason: "\u{1B}[31m"))
    hub.publish(.configReverted(reason: "not confirmed within 60 s"))
    let lines = box.all.map { line in String(line.split(separator: " ", maxSplits: 1)[1]) }
    #expect(
      lines == [
        "notice port web is up\n", "notice port c waits: \\x1b[31m\n",
        "warning put back the configuration of before: not confirmed within 60 s\n",
      ])
    #expect(hub.kept().count == 4)
  }

  @Test func `a log of JSON has what the event is about`() throws {
    let box = LineBox()
    EventHub(logger: box.logger(.debug, .json)).publish(TestEvents.learned(1))
    let line = try JSONValue(parsing: Array(try #require(box.all.first).utf8.dropLast()))
    #expect(line["event"] == "learned" && line["sequence"] == "1" && line["port"] == "web" && line["vlan"] == "1")
    #expect(line["mac"] == "00:00:00:00:00:01" && line["level"] == "debug")
  }

  @Test func `guests do not fill the log, and what is left out is counted`() {
    var log = EventLog()
    let event = EventDocument.storm("web", reason: "storm_broadcast")
    var lines = (0..<1000).compactMap { _ in log.line(for: event, at: 1_000_000_000) }
    #expect(lines.count == 20)
    // Who administers is always heard.
    for _ in 0..<1000 { #expect(log.line(for: .portRemoved("web"), at: 1_000_000_000) != nil) }
    lines = (0..<100).compactMap { log.line(for: event, at: 1_000_000_000 + UInt64($0) * 100_000_000) }
    #expect((9...11).contains(lines.count))
    #expect(lines[0].text.contains("before it 990 others"), "\(lines[0])")
    let rare = log.line(for: event, at: 3_600_000_000_000)
    #expect(rare?.level == .notice && rare?.text.hasPrefix("port web loses frames") == true)
  }

  @Test func `every type has a level and words`() {
    for type in EventType.allCases {
      var log = EventLog()
      #expect(log.line(for: EventDocument(type), at: 0)?.text.isEmpty == false)
    }
  }
}
