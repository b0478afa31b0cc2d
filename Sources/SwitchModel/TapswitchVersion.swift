// The version of tapswitch, in one place: `--version`, `status` and captures show it.

package enum TapswitchVersion {
  /// Semantic version (semver.org).
  package static let text = "0.1.0"
}
