// Where switches have their control sockets, for the daemon that makes one and for commands that look for one.
// Only names are worked out here; nothing is created, checked or connected.

internal import Glibc

/// The directories and socket names of INTERFACE.md, "Names, places".
package enum ControlPlaces {
  /// What the socket of every switch ends in.
  package static let suffix = ".sock"

  /// The most bytes a socket's path may have (`sun_path` of unix(7) is 108 with its closing zero).
  package static let pathLimit = 107

  /// The directory a switch of this user makes its socket in.
  package static func ownDirectory(user: UInt32 = getuid(), environment: (String) -> String? = variable) -> String {
    if user == 0 { return systemDirectory }
    if let runtime = environment("XDG_RUNTIME_DIR"), runtime.hasPrefix("/") { return joined(runtime, "tapswitch") }
    let temporary = environment("TMPDIR").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
    return joined(temporary, "tapswitch-\(user)")
  }

  /// Where switches of root live. Members of a switch's group may reach it there.
  package static let systemDirectory = "/run/tapswitch"

  /// Where a command looks for switches: the user's own directory first, then root's.
  package static func searchedDirectories(
    user: UInt32 = getuid(), environment: (String) -> String? = variable
  ) -> [String] {
    let own = ownDirectory(user: user, environment: environment)
    return own == systemDirectory ? [own] : [own, systemDirectory]
  }

  /// The socket of the switch `name` in `directory`.
  package static func socket(of name: String, in directory: String) -> String { joined(directory, name + suffix) }

  /// An environment variable that is set and not empty.
  package static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// `directory/name` with one slash between.
  package static func joined(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }

  /// The directory that `path` lies in: `.` for a bare name.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
