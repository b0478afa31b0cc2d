// The way of what is to be learned from the workers that only read the forwarding table to the one that writes it: a
// ring for each of them. A full one teaches nothing: the next frame of the source will.

internal import BridgeCore
internal import Wire

/// A source that was heard.
struct Lesson: BitwiseCopyable {
  let source: MACAddress
  let port: PortIndex
  let vlan: UInt16
  let tick: Tick
}

typealias LessonRing = BoundedRing<Lesson>

extension LessonRing {
  static var lessons: Int { 1024 }
}
