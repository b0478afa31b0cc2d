// The way of commands into the worker: in order, bounded, none lost, and each wakes.

import LinuxIO
import Testing

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
  @Test("Letters come out in the order they went in, once")
  func order() throws {
    let mailbox = try Mailbox<Int>()
    for letter in 0..<100 { #expect(mailbox.post(letter)) }
    #expect(mailbox.take() == Array(0..<100))
    #expect(mailbox.take().isEmpty)
    #expect(mailbox.post(7))
    #expect(mailbox.take() == [7])
  }

  @Test("A full mailbox refuses and keeps what it has; once emptied it takes letters again", arguments: [1, 2, 4096])
  func full(capacity: Int) throws {
    let mailbox = try Mailbox<Int>(capacity: capacity)
    for letter in 0..<capacity { #expect(mailbox.post(letter)) }
    #expect(!mailbox.post(-1))
    #expect(!mailbox.post(-2))
    #expect(mailbox.take() == Array(0..<capacity))
    #expect(mailbox.post(9))
    #expect(mailbox.take() == [9])
  }

  @Test("The descriptor is readable exactly while letters wait")
  func wakes() throws {
    let mailbox = try Mailbox<Int>(capacity: 2)
    #expect(!isReadable(mailbox.descriptor))
    for _ in 0..<3 {
      #expect(mailbox.post(1))
      #expect(isReadable(mailbox.descriptor))
      #expect(mailbox.post(2))
      #expect(!mailbox.post(3))
      #expect(isReadable(mailbox.descriptor))
      #expect(mailbox.take() == [1, 2])
      #expect(!isReadable(mailbox.descriptor))
    }
    // Nothing there: must not wait.
    #expect(mailbox.take().isEmpty)
  }

  /// A letter that was never taken must not stay in memory.
  private final class Token: Sendable {
    private let gone: Box<Int>
    init(_ gone: Box<Int>) { self.gone = gone }
    deinit { gone.change { $0 += 1 } }
  }

  @Test("Letters nobody took go with the mailbox, those taken with their reader")
  func letGo() throws {
    let gone = Box(0)
    do {
      let mailbox = try Mailbox<Token>()
      for _ in 0..<3 { #expect(mailbox.post(Token(gone))) }
      #expect(mailbox.take().count == 3)
      #expect(gone.value == 3)
      for _ in 0..<5 { #expect(mailbox.post(Token(gone))) }
    }
    #expect(gone.value == 8)
  }

  @Test("Eight threads, one reader that only looks when woken: nothing lost, nothing twice, each thread's in order")
  func producers() throws {
    let (threads, letters) = (8, 3000)
    let mailbox = try Mailbox<Int>(capacity: 32)
    let refused = Box(0)
    let poller = try Poller()
    try poller.add(mailbox.descriptor, token: 1)
    try withThreads(threads) { thread, isOver in
      for letter in 0..<letters {
        while !isOver(), !mailbox.post(thread * letters + letter) {
          refused.change { $0 += 1 }
          rest()
        }
      }
    } meanwhile: {
      var next = [Int](repeating: 0, count: threads)
      var taken = 0
      while taken < threads * letters {
        try #require(poller.wait(milliseconds: 10_000) == 1, "not woken after \(taken) letters")
        for letter in mailbox.take() {
          let thread = letter / letters
          try #require(next[thread] == letter % letters, "thread \(thread)")
          next[thread] += 1
          taken += 1
        }
      }
    }
    #expect(mailbox.take().isEmpty)
    #expect(refused.value > 0, "the mailbox was never full: the test shows less than it should")
  }
}
