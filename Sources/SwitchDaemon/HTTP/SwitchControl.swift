// What the control API asks of the switch: the seam between HTTP and the supervisor. Values in, values or a problem
// out; nothing here knows of HTTP, and no implementation needs to.

package import SwitchModel
package import Wire

/// Which entries of the table are asked for; nil is all.
package struct FDBQuery: Sendable, Equatable {
  /// Name of a port.
  package var port: String?
  /// VLAN identifier, 1 to 4094.
  package var vlan: Int?

  package init(port: String? = nil, vlan: Int? = nil) {
    self.port = port
    self.vlan = vlan
  }
}

/// The running switch, as a client of the control API sees and changes it.
///
/// Every problem thrown carries the HTTP status the contract gives its kind: 404 for a name that is not there, 409 for
/// a duplicate, 422 for a value, 403 for a missing right, 423 while another change is pending.
package protocol SwitchControl: Sendable {
  func status() async throws(Problem) -> SwitchStatus

  /// All ports in the order of their identifiers, without settings.
  func ports() async throws(Problem) -> [PortStatus]
  /// One port with its settings.
  func port(_ name: String) async throws(Problem) -> PortStatus
  /// Adds a port; `request` is the object that would stand under `ports:`, plus `name`. Returns it with its settings.
  func addPort(_ request: JSONValue) async throws(Problem) -> PortStatus
  /// Applies a JSON merge patch (RFC 7396) to the settings of a port, all keys or none. Returns it with its settings.
  func patchPort(_ name: String, _ patch: JSONValue) async throws(Problem) -> PortStatus
  func removePort(_ name: String) async throws(Problem)

  /// A bounded piece of the table from `cursor` (0 at first) on, and the cursor of what follows; nil at the end.
  /// A piece may be empty although more follows.
  func entries(_ query: FDBQuery, from cursor: Int) async throws(Problem) -> (entries: [FDBEntry], next: Int?)
  /// The entries of one address, one for each VLAN; 404 if there is none.
  func entry(_ mac: MACAddress) async throws(Problem) -> [FDBDetail]
  func addEntry(_ request: JSONValue) async throws(Problem) -> FDBEntry
  /// Removes the entries of `mac`, in one VLAN or in all, and returns their number; 404 if there is none.
  func removeEntry(_ mac: MACAddress, vlan: UInt16?) async throws(Problem) -> Int
  /// Removes dynamic entries and returns their number.
  func flush(_ request: FlushRequest) async throws(Problem) -> Int

  func vlans() async throws(Problem) -> [VLANRow]
  /// Drops by reason and port, of all ports or of one.
  func drops(port: String?) async throws(Problem) -> [DropRow]

  /// The running configuration.
  func configuration() async throws(Problem) -> SwitchConfiguration
  /// Writes the running configuration to `path`, or to the file the switch was started with; returns the path written.
  func saveConfiguration(path: String?) async throws(Problem) -> String

  /// What `applyConfiguration` would change; nothing is. 422 for what cannot change while the switch runs.
  func planConfiguration(_ wanted: SwitchConfiguration) async throws(Problem) -> PlanDocument
  /// Makes the running configuration `wanted`: all of it, or nothing if it throws. Returns what was changed.
  /// - Parameter seconds: 1 to 86400: what was there before is put back after so long unless `confirmConfiguration` is
  ///   called; until then every other change is 423. Nil: the change stays.
  /// - Throws: 423 while another change runs or waits to be confirmed; 422, 403, 404 or 409 for what failed.
  func applyConfiguration(
    _ wanted: SwitchConfiguration, confirmWithin seconds: Int?
  ) async throws(Problem) -> PlanDocument
  /// Keeps what was applied last; 409 if nothing waits to be confirmed.
  func confirmConfiguration() async throws(Problem)

  /// What has happened, for all who follow it.
  var eventHub: EventHub { get }
}
