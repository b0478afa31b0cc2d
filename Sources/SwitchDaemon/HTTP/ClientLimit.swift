// How many clients one listener serves at once. Lives on the event loop alone; decides, and touches no bytes.

internal import NIOCore

/// The connections of one listener.
///
/// When all places are taken, a connection that has been silent for two seconds gives way: somebody who opens
/// connections and says nothing cannot keep others out. One that is sending or being answered never gives way; the
/// newcomer is turned away instead.
final class ClientLimit {
  /// Clients at once (INTERFACE.md, "API").
  static let standard = 64
  /// Connections that were turned away and may stay until they have read why; the newest stay.
  static let leaving = 128
  /// How long a silent connection keeps its place although others want it.
  static let yields = TimeAmount.seconds(2)
  /// To send a whole request, and to take some of an answer.
  static let patience = TimeAmount.seconds(10)
  /// After the last answer: for the client to read it and to hang up.
  static let farewell = TimeAmount.seconds(1)

  private let limit: Int
  private let patience: TimeAmount
  private var guards: [ObjectIdentifier: ConnectionGuard] = [:]
  /// Oldest first.
  private var refusals: [Refusal] = []
  private(set) var isStopping = false

  init(limit: Int = ClientLimit.standard, patience: TimeAmount = ClientLimit.patience) {
    self.limit = limit
    self.patience = patience
  }

  /// A guard for a new connection, or nil if all places are taken.
  func admit(now: NIODeadline) -> ConnectionGuard? {
    guard !isStopping else { return nil }
    if guards.count >= limit {
      let silent = guards.values.compactMap { connection in connection.silentSince.map { ($0, connection) } }
      guard let (since, connection) = silent.min(by: { $0.0 < $1.0 }), now - since >= Self.yields else {
        return nil
      }
      remove(connection)
      connection.giveWay()
    }
    let made = ConnectionGuard(limit: self, patience: patience, now: now)
    guards[ObjectIdentifier(made)] = made
    return made
  }

  func remove(_ connection: ConnectionGuard) { guards[ObjectIdentifier(connection)] = nil }

  /// Lets a connection that was turned away stay for a moment; when there are too many, the oldest goes.
  func linger(_ refusal: Refusal) {
    if refusals.count >= Self.leaving { refusals.removeFirst().end() }
    refusals.append(refusal)
  }

  func left(_ refusal: Refusal) { refusals.removeAll { $0 === refusal } }

  /// No further connections; those that are not being answered are closed, the others after their answer.
  func quiesce() {
    isStopping = true
    for connection in guards.values { connection.quiesce() }
  }

  /// Closes what is left.
  func closeAll() {
    for connection in guards.values { connection.giveWay() }
    for refusal in refusals { refusal.end() }
  }
}
