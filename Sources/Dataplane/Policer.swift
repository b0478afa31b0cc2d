// The stage between Bridge.decide and the execution of its verdict, for ports that have limits: how much may come in,
// and how much of it may be flooded. It must not be reached for a port without limits, and it does not undo what was
// learned.

internal import BridgeCore

/// How much of one kind of flooded frames a port may send; what is above it is dropped. The burst is one second's
/// worth.
package enum StormLimit: Sendable, Equatable, BitwiseCopyable {
  case none
  /// A second; a frame that stands for several counts as those.
  case frames(UInt32)
  /// A second.
  case bits(UInt64)
}

/// How much may pass in one moment after a quiet one.
enum Burst {
  /// Octets, where the configuration does not say: the largest frames, twice.
  static var least: UInt64 { 128 * 1024 }
  /// A worker reads its clock once a wake-up, which with all of its ports ready lasts some 20 ms. Only what a bucket
  /// holds bridges that time, so no bucket is smaller: the fiftieth part of a second's worth.
  static var wakes: UInt64 { 50 }

  /// Bits that a bucket of `rate` bits a second holds.
  /// - Parameter octets: as configured; 0: 100 ms of the rate, and room for the largest frames.
  static func bits(_ rate: UInt64, octets: UInt64) -> UInt64 {
    guard octets == 0 else { return max(octets > .max / 8 ? .max : octets * 8, rate / wakes) }
    return max(least * 8, rate / 10)
  }
}

/// The buckets of what one port sends. Kept by the worker that reads the port.
struct Policer: BitwiseCopyable {
  private var configured: Limits
  private var input: TokenBucket
  private var broadcast: TokenBucket
  private var multicast: TokenBucket
  private var unknown: TokenBucket

  /// What of `PortLimits` concerns the policer.
  struct Limits: BitwiseCopyable, Equatable {
    let rate: UInt64
    let burst: UInt64
    let broadcast: StormLimit
    let multicast: StormLimit
    let unknown: StormLimit

    init(_ limits: PortLimits) {
      rate = limits.rateIn
      burst = limits.burst
      broadcast = limits.stormBroadcast
      multicast = limits.stormMulticast
      unknown = limits.stormUnknown
    }

    var isAny: Bool { rate != 0 || broadcast != .none || multicast != .none || unknown != .none }
  }

  /// Full buckets.
  init(_ limits: Limits) {
    configured = limits
    input = TokenBucket(rate: limits.rate, burst: Burst.bits(limits.rate, octets: limits.burst))
    broadcast = limits.broadcast.bucket
    multicast = limits.multicast.bucket
    unknown = limits.unknown.bucket
  }

  /// Puts other limits in force; what is left in a bucket whose limit stays is kept.
  mutating func change(to limits: Limits) {
    let fresh = Policer(limits)
    if limits.rate != configured.rate || limits.burst != configured.burst { input = fresh.input }
    if limits.broadcast != configured.broadcast { broadcast = fresh.broadcast }
    if limits.multicast != configured.multicast { multicast = fresh.multicast }
    if limits.unknown != configured.unknown { unknown = fresh.unknown }
    configured = limits
  }

  /// Takes a frame out of the buckets that it concerns.
  /// - Parameters:
  ///   - octets: of the frame, without offload header.
  ///   - segments: how many frames it stands for.
  ///   - flooded: which kind of flooding it is about to cause; nil for a frame to one port.
  ///   - time: monotonic nanoseconds.
  /// - Returns: why it must not pass, or nil.
  mutating func refuses(octets: Int, segments: Int, flooded: FloodKind?, at time: UInt64) -> DropReason? {
    if configured.rate != 0, !input.take(UInt64(octets) &* 8, at: time) { return .rateIn }
    switch flooded {
    case nil: return nil
    case .broadcast:
      let amount = configured.broadcast.amount(octets, segments)
      return amount == 0 || broadcast.take(amount, at: time) ? nil : .stormBroadcast
    case .multicast:
      let amount = configured.multicast.amount(octets, segments)
      return amount == 0 || multicast.take(amount, at: time) ? nil : .stormMulticast
    case .unicast:
      let amount = configured.unknown.amount(octets, segments)
      return amount == 0 || unknown.take(amount, at: time) ? nil : .stormUnknown
    }
  }
}

extension StormLimit {
  fileprivate var bucket: TokenBucket {
    switch self {
    case .none: TokenBucket(rate: 0, burst: 0)
    case .frames(let count): TokenBucket(rate: UInt64(count), burst: UInt64(count))
    case .bits(let count): TokenBucket(rate: count, burst: count)
    }
  }

  /// What a frame takes out of the bucket; 0 where there is no limit.
  fileprivate func amount(_ octets: Int, _ segments: Int) -> UInt64 {
    switch self {
    case .none: 0
    case .frames: UInt64(segments)
    case .bits: UInt64(octets) &* 8
    }
  }
}

extension Worker {
  /// Whether a frame that is about to go somewhere may: counts are kept, and the reason why not returned. Control is told
  /// now and then.
  @inline(never)
  mutating func police(_ frame: Frame, _ verdict: Verdict, from port: PortIndex) -> DropReason? {
    // What is for the switch itself burdens nobody.
    guard verdict.action != .consume else { return nil }
    let aside = unsafe ports.aside(port)
    guard
      let reason = unsafe aside.pointee.policer.refuses(
        octets: frame.count &- FrameArena.offloadHeader, segments: frame.segments,
        flooded: verdict.action == .flood ? verdict.kind : nil, at: nanoseconds)
    else { return nil }
    if unsafe now.rawValue >= aside.pointee.quietUntil.rawValue {
      unsafe aside.pointee.quietUntil = Tick(rawValue: now.rawValue &+ Worker.limitNoticeInterval)
      unsafe notify(.limitReached(port, serial: ports[port].pointee.serial, reason))
    }
    return reason
  }

  /// Seconds between two notices of a port whose limits drop frames.
  private static var limitNoticeInterval: UInt32 { 10 }
}
