// What all fuzz targets begin with: libFuzzer's loop, or, without FUZZING, a replay of the files given as arguments.

internal import CFuzzer
internal import Glibc

// The loop takes a C function, which cannot capture. Set once, before it begins.
nonisolated(unsafe) private var target: (UnsafeRawBufferPointer) -> Void = { _ in }

/// Feeds inputs to `one` until the fuzzer ends the program, or all files are read.
public func fuzz(_ one: @escaping (UnsafeRawBufferPointer) -> Void) {
  unsafe target = one
  #if FUZZING
    var argumentCount = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = unsafe CommandLine.unsafeArgv
    exit(
      unsafe LLVMFuzzerRunDriver(&argumentCount, &arguments) { data, size in
        unsafe target(UnsafeRawBufferPointer(start: data, count: size))
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
      unsafe input[..<length].withUnsafeBytes { unsafe target($0) }
    }
  #endif
}
