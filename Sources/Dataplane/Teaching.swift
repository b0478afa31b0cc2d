// Beside the frame's way: what becomes of a source that is worth teaching. One worker writes the forwarding table, the
// others tell it.

internal import BridgeCore
internal import Wire

/// A worker's part in teaching.
enum TeachingPart: Sendable {
  /// Writes the table, and hears the others.
  case teaches([LessonRing])
  /// Tells the teacher, whose mailbox wakes it.
  case tells(LessonRing, Mailbox<Envelope>)
}

extension Worker {
  /// Hands a source on to the table.
  /// - Returns: the cost.
  @inline(never)
  mutating func teach(_ source: MACAddress, vlan: UInt16, on port: PortIndex) -> Int32 {
    guard let ring = told else {
      bridge.teach(source, vlan: vlan, on: port, at: now)
      return Cost.lesson
    }
    let slot = unsafe ports[port]
    guard unsafe slot.pointee.lessons > 0 else { return 0 }
    unsafe slot.pointee.lessons &-= 1
    if ring.append(Lesson(source: source, port: port, vlan: vlan, tick: now)) { hasTold = true }
    return Cost.lesson
  }

  /// At the end of a wake-up: the teacher is woken, if there is something to learn.
  mutating func passOn() {
    guard hasTold, case .tells(_, let mailbox) = part else { return }
    hasTold = false
    mailbox.wakeUp()
  }

  /// When the mailbox was rung, before commands are applied: what the others have heard. They ring it for each batch of
  /// lessons.
  mutating func hearOthers() {
    guard case .teaches(let rings) = part else { return }
    for ring in rings {
      // No more than there is now: the other end goes on telling.
      for _ in 0..<ring.waiting {
        guard let lesson = ring.next() else { break }
        bridge.teach(lesson.source, vlan: lesson.vlan, on: lesson.port, at: lesson.tick)
      }
    }
  }
}
