// Where clients come in, as far as that changes while the switch runs: what the supervisor asks of the server when a
// configuration is applied.

package import SwitchModel

/// The places where the API is served. All of a call or nothing of it.
package protocol ControlListeners: Sendable {
  /// Serves for reading on `address` and nowhere else on TCP; nil: on the control socket only. Clients that are connected
  /// to the old address may end what they have begun.
  func listen(on address: ListenAddress?) async throws(Problem)
  /// Lets a group use the control socket beside its owner; nil: the owner alone.
  func give(socketTo group: String?) async throws(Problem)
}
