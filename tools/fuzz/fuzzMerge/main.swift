// Fuzz target for coalescing and segmentation: octets are a batch of frames for one port (see Script.swift), which is
// merged as a worker does it. What is cut out of the result again must be what went in; a difference traps.
// Without FUZZING it replays the files given as arguments.

internal import FuzzDriver

/// A promise that was broken: the fuzzer reports the input.
func require(_ condition: Bool, _ promise: StaticString) {
  if !condition { fatalError("broken: \(promise)") }
}

func one(_ input: UnsafeRawBufferPointer) {
  var script = unsafe Script(Array(input))
  var batch = Batch(capacity: script.capacity)
  while let octets = script.next() { batch.offer(octets) }
  batch.settle()
}

unsafe fuzz(one)
