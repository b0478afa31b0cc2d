// The first stage of a frame's way: waits until descriptors can be read (epoll, level-triggered).
// Its event buffer is made once; waiting allocates nothing.

internal import CLinux
internal import Glibc

/// An epoll instance with its event buffer.
@safe
package struct Poller: ~Copyable {
  /// One descriptor that is ready.
  package struct Event: BitwiseCopyable, Sendable {
    /// What `add` was given.
    package let token: UInt64
    /// EPOLLIN, EPOLLERR, EPOLLHUP… (epoll_ctl(2)).
    package let mask: UInt32
    /// The descriptor is broken or its other end is gone (EPOLLERR or EPOLLHUP).
    package var isFailure: Bool { mask & 0x18 != 0 }
  }

  private let descriptor: Descriptor
  private let events: UnsafeMutablePointer<epoll_event>
  private let capacity: Int

  /// - Parameter capacity: the most events one `wait` reports.
  package init(capacity: Int = 256) throws(SystemError) {
    descriptor = Descriptor(owning: try checked(ts_epoll_create(), "epoll_create1"))
    self.capacity = max(1, capacity)
    unsafe events = .allocate(capacity: self.capacity)
    unsafe events.initialize(repeating: epoll_event(), count: self.capacity)
  }

  deinit { unsafe events.deallocate() }

  /// Reports `descriptor` as `token` whenever it can be read, level-triggered.
  package func add(_ number: Int32, token: UInt64) throws(SystemError) {
    _ = try checked(
      ts_epoll_control(descriptor.number, EPOLL_CTL_ADD, number, EPOLLIN.rawValue, token), "epoll_ctl(EPOLL_CTL_ADD)")
  }

  /// Stops reporting `descriptor`; one that is not watched is no error.
  package func remove(_ number: Int32) {
    _ = ts_epoll_control(descriptor.number, EPOLL_CTL_DEL, number, 0, 0)
  }

  /// How many descriptors are ready; read them by `event(at:)`. An interrupted wait reports none.
  /// - Parameter milliseconds: how long to wait at the most; -1 without limit.
  package func wait(milliseconds: Int32) -> Int {
    max(0, Int(unsafe ts_epoll_wait(descriptor.number, events, Int32(truncatingIfNeeded: capacity), milliseconds)))
  }

  /// The event at `index`, below what the last `wait` returned.
  package func event(at index: Int) -> Event {
    unsafe Event(token: ts_event_token(events + index), mask: ts_event_mask(events + index))
  }
}
