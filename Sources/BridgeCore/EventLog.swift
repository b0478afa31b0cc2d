// What the bridge has to tell of its table: a log of fixed size that the worker empties now and then. Appending never
// waits and never allocates; what finds no room is counted.

public import Wire

/// Something that happened to the table.
public struct BridgeEvent: Sendable, BitwiseCopyable, Equatable {
  public enum Kind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// `mac` was heard on `port` and not known before.
    case learned
    /// It was known on `from` and is now on `port`.
    case moved
    /// It was not heard for the time of ageing on `port`.
    case aged
    /// It is kept on `port` for `Bridge.pinSeconds`, since it moved too often; `from` is the other port of its last
    /// move, `count` how many moves there were in `Bridge.pinWindow`.
    case pinned
    /// There was no room for it; `count` entries are in the table. At most one a second.
    case full
  }

  public let kind: Kind
  public let mac: MACAddress
  public let vlan: UInt16
  public let port: PortIndex
  /// The same as `port` where there is no other.
  public let from: PortIndex
  public let tick: Tick
  public let count: UInt32

  public init(
    kind: Kind, mac: MACAddress, vlan: UInt16, port: PortIndex, from: PortIndex, tick: Tick, count: UInt32 = 0
  ) {
    self.kind = kind
    self.mac = mac
    self.vlan = vlan
    self.port = port
    self.from = from
    self.tick = tick
    self.count = count
  }
}

/// The latest events, oldest first. A handle: copies share the memory, which one worker writes and empties.
@safe
public struct EventLog: @unchecked Sendable, BitwiseCopyable {
  /// More than this are lost until `clear`.
  public static var capacity: Int { 1024 }

  private struct State: BitwiseCopyable {
    var count = 0
    var lost = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let events: UnsafeMutablePointer<BridgeEvent>

  /// An empty log.
  static func allocate() -> EventLog {
    let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    unsafe state.initialize(to: State())
    return unsafe EventLog(state: state, events: .allocate(capacity: EventLog.capacity))
  }

  func deallocate() {
    unsafe state.deallocate()
    unsafe events.deallocate()
  }

  /// How many there are to be read.
  public var count: Int { unsafe state.pointee.count }

  /// How many found no room since `clear`.
  public var lost: Int { unsafe state.pointee.lost }

  /// Event `index`, below `count`.
  public subscript(index: Int) -> BridgeEvent {
    precondition(index >= 0 && index < count, "no such event")
    return unsafe events[index]
  }

  /// Adds an event, or counts it as lost.
  public func append(_ event: BridgeEvent) {
    guard count < EventLog.capacity else {
      unsafe state.pointee.lost &+= 1
      return
    }
    unsafe (events + count).initialize(to: event)
    unsafe state.pointee.count += 1
  }

  /// Begins anew.
  public func clear() { unsafe state.pointee = State() }
}
