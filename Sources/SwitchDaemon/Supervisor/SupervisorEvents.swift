// What reaches the supervisor from threads that must not wait for it: the link monitor and the data plane.

package import Dataplane
package import LinuxIO

/// Something happened outside.
package enum SupervisorEvent: Sendable {
  case link(LinkEvent)
  case notice(Notice)
  /// Something waits in the box of observations.
  case observed
}

/// A queue of events into the supervisor; any thread may yield.
package struct SupervisorEvents: Sendable {
  let stream: AsyncStream<SupervisorEvent>
  private let continuation: AsyncStream<SupervisorEvent>.Continuation

  package init() {
    (stream, continuation) = AsyncStream.makeStream(of: SupervisorEvent.self)
  }

  package func yield(_ event: SupervisorEvent) { continuation.yield(event) }
}
