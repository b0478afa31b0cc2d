// Memory straight from the kernel: zero, page-aligned, resident only where it is touched.

internal import Glibc

/// The kernel had no memory to give.
package struct PageMemoryError: Error, Sendable, CustomStringConvertible {
  /// Bytes asked for.
  package let byteCount: Int
  /// errno.
  package let code: Int32
  package var description: String {
    "cannot map \(byteCount) bytes of memory (errno \(code)): stop other programs or lower table_size"
  }
}

/// Anonymous private pages; freed with `unmapPages`.
@unsafe
func mapPages(_ byteCount: Int) throws(PageMemoryError) -> UnsafeMutableRawPointer {
  let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let memory = unsafe memory, unsafe memory != UnsafeMutableRawPointer(bitPattern: -1) else {
    throw PageMemoryError(byteCount: byteCount, code: errno)
  }
  return unsafe memory
}

@unsafe
func unmapPages(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) { _ = unsafe munmap(memory, byteCount) }
