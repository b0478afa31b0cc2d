// Fuzz target for coalescing and segmentation: octets are a batch of frames for one port (see Script.swift), which is
// merged as a worker does it. What is cut out of the result again must be what went in; a difference traps.
// Without FUZZING it replays the files given as arguments.

internal import CFuzzer
internal import Glibc

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

#if FUZZING
  var argumentCount = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe CommandLine.unsafeArgv
  exit(
    unsafe LLVMFuzzerRunDriver(&argumentCount, &arguments) { data, size in
      unsafe one(UnsafeRawBufferPointer(start: data, count: size))
      return 0
    })
#else
  for path in CommandLine.arguments.dropFirst() {
    guard let file = unsafe fopen(path, "r") else {
      unsafe perror(path)
      exit(66)
    }
    var input = [UInt8](repeating: 0, count: 1 << 17)
    let length = unsafe fread(&input, 1, input.count, file)
    unsafe fclose(file)
    unsafe input[..<length].withUnsafeBytes { unsafe one($0) }
  }
#endif
