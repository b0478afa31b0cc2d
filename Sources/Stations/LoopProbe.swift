// Finding loops without a spanning tree: the switch says on each port who it is, and listens for itself. It decides
// when to send and whether what was heard means a loop. It sends nothing and shuts nothing: that is the caller's.

package import Wire

/// The loop probe of one switch, over all ports with `loop_probe` on. Times are nanoseconds of one monotonic clock.
///
/// Each such port sends a probe every two seconds. One that comes back, on whatever port has `loop_probe` on, shows a
/// way round; the port that heard it is shut. Of the two ends of a cable one is shut: once it is, probes it sent count
/// for nothing. It should be the end that came last, or that has just come back from its penalty, and not the one that
/// all others rely on: so when a port comes up the others send at once, and it listens for `listening` before it
/// speaks.
///
/// **What the tag protects.** A guest sees the probes sent to its port, and the source address in them, so it can make
/// probes of its own. Without the secret it cannot make one that is believed, and one that it heard can only be brought
/// back: within ten seconds, and where it is heard there is then in truth a way from port to port. Whatever it does,
/// only the port that hears a probe is ever shut, never one named in it.
///
/// **What it does not see.** Probes leave untagged and go where their neighbour puts untagged frames; a loop in other
/// VLANs only is not found. A loop that leads back through a port without `loop_probe` is found but not cut: no port is
/// shut that was not set so, and `notGuarded` is all there is to tell.
package struct LoopProbe: Sendable {
  package static let interval: UInt64 = 2_000_000_000
  /// A port that comes up beside others sends its first probe after so long; the first of all sends at once.
  package static let listening: UInt64 = 400_000_000
  /// No port sends more often than this, however many others come up.
  package static let spacing: UInt64 = 200_000_000
  /// Older probes are ignored.
  package static let freshness: UInt64 = 10_000_000_000

  /// What a heard frame means.
  package enum Verdict: Sendable, Equatable {
    /// A loop: the port that heard it is to be shut. Probing has stopped there already.
    case shut(sentOn: UInt16)
    case ignored(Reason)
  }

  package enum Reason: Sendable, Equatable {
    /// No probe, or of another version.
    case notAProbe
    /// Another switch's, or made up.
    case notOurs
    /// Sent more than `freshness` ago, or before the port that sent it last came up.
    case old
    /// The port that sent it has been shut or has gone: the loop is cut.
    case senderStopped(UInt16)
    /// A loop, but `loop_probe` is off on the port that heard it.
    case notGuarded(sentOn: UInt16)
  }

  /// A probe to be sent.
  package struct Outgoing: Sendable, Equatable {
    package let port: UInt16
    /// An Ethernet frame of 60 octets.
    package let frame: [UInt8]
  }

  private struct Prober {
    let started: UInt64
    var due: UInt64
    var last: UInt64?
    var sequence: UInt32 = 0
  }

  /// Where probes come from: a locally administered address made from the secret.
  package let source: MACAddress
  private let key: SipHash
  private var probers: [UInt16: Prober] = [:]

  /// - Parameter secret: from a source that guests cannot guess, new in each run.
  package init(secret: UInt128) {
    key = SipHash(key: secret)
    let name: [UInt8] = Array("source".utf8)
    let hash = unsafe key.hash(name.span.bytes)
    source = MACAddress(bits: hash & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000)
  }

  /// Begins to probe on a port that came up with `loop_probe` on, and lets the others send. Does nothing where the port
  /// is probed already.
  package mutating func start(_ port: UInt16, at now: UInt64) {
    guard probers[port] == nil else { return }
    let isAlone = probers.isEmpty
    for (other, prober) in probers {
      let early = max(now, prober.last.map { $0 &+ LoopProbe.spacing } ?? prober.due)
      if early < prober.due { probers[other]?.due = early }
    }
    probers[port] = Prober(started: now, due: isAlone ? now : now &+ LoopProbe.listening)
  }

  /// Ends probing on a port that went down, was removed, or has `loop_probe` off now.
  package mutating func stop(_ port: UInt16) { probers[port] = nil }

  package func isProbing(_ port: UInt16) -> Bool { probers[port] != nil }

  /// When `send` is to be called next; nil while no port is probed.
  package var nextDue: UInt64? { probers.values.lazy.map(\.due).min() }

  /// The probes that are due, lowest port first; each port's next is due an interval later. A late call sends one, not
  /// all that were missed.
  package mutating func send(at now: UInt64) -> [Outgoing] {
    var outgoing: [Outgoing] = []
    for port in probers.keys.sorted() {
      guard var prober = probers[port], prober.due <= now else { continue }
      let frame = ProbeFrame(source: source, port: port, sequence: prober.sequence, sent: now, key: key)
      outgoing.append(Outgoing(port: port, frame: frame.bytes))
      prober.sequence &+= 1
      prober.last = now
      prober.due = now &+ LoopProbe.interval
      probers[port] = prober
    }
    return outgoing
  }

  /// Judges a frame from `source` that came in through `port`.
  package mutating func heard(_ frame: RawSpan, on port: UInt16, at now: UInt64) -> Verdict {
    guard let probe = ProbeFrame(parsing: frame) else { return .ignored(.notAProbe) }
    guard probe.source == source, probe.isSigned(with: key) else { return .ignored(.notOurs) }
    guard probe.sent <= now, now - probe.sent <= LoopProbe.freshness else { return .ignored(.old) }
    guard let sender = probers[probe.port] else { return .ignored(.senderStopped(probe.port)) }
    guard probe.sent >= sender.started else { return .ignored(.old) }
    guard probers[port] != nil else { return .ignored(.notGuarded(sentOn: probe.port)) }
    stop(port)
    return .shut(sentOn: probe.port)
  }

  /// Judges a frame that control holds as a copy.
  package mutating func heard(_ frame: [UInt8], on port: UInt16, at now: UInt64) -> Verdict {
    unsafe heard(frame.span.bytes, on: port, at: now)
  }

  /// The reason that `port show` gives for a port that was shut.
  package static func reason(heardOn port: String, sentOn sender: String) -> String {
    port == sender
      ? "loop: the switch's own probe, sent on \(sender), came back on the same port"
      : "loop: the switch's own probe, sent on \(sender), was heard on \(port)"
  }
}
