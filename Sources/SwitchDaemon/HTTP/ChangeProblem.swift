// Why a change has to wait, or has nothing to wait for, as problems that say what, why and the fix.

package import SwitchModel

package enum ChangeProblem {
  /// Another change is being made.
  package static let busy = Problem(
    status: 423, title: "another change is running", detail: "a configuration is being applied",
    fix: "try again in a moment")

  /// An `apply --confirm` has not been confirmed yet.
  /// - Parameter secondsLeft: until what was there before is put back.
  package static func pending(secondsLeft: Int) -> Problem {
    Problem(
      status: 423, title: "a change waits to be confirmed",
      detail:
        "what was applied is put back in \(max(0, secondsLeft)) s unless it is confirmed; until then nothing else "
        + "can be changed",
      fix: "tapswitch config confirm keeps it; without that try again when it has been put back")
  }

  /// `config confirm` without an apply that wants it.
  package static let nothingPending = Problem(
    status: 409, title: "nothing to confirm", detail: "no applied configuration waits to be confirmed",
    fix: "tapswitch config apply FILE --confirm SECONDS applies one that does; one whose time is over has been put back"
  )
}
