// Fuzz target for the offload header: octets are `[offload header | frame]`, as a TAP would hand them over. Besides not trapping
// in the parsers, what is accepted must keep what OffloadCheck promises; a broken promise traps.
// Without FUZZING it replays the files given as arguments.

internal import FuzzDriver
internal import Offload
internal import Wire

/// A promise that was broken: the fuzzer reports the input.
func require(_ condition: Bool, _ promise: StaticString) {
  if !condition { fatalError("broken: \(promise)") }
}

func one(_ input: UnsafeRawBufferPointer) {
  guard let raw = try? unsafe VirtioNetHeader(parsing: input.bytes) else {
    return require(input.count < VirtioNetHeader.size, "12 octets are an offload header")
  }
  let bytes = unsafe UnsafeRawBufferPointer(rebasing: input[VirtioNetHeader.size...])
  let frame = unsafe bytes.bytes
  guard let header = try? FrameHeader(parsing: frame) else { return }
  _ = try? ARP(parsing: frame, at: header.payloadOffset)
  let verdict = OffloadCheck.validate(raw, frame: frame, header: header)
  guard case .accepted(let clean, let segments) = verdict else { return }
  accepted(clean, segments, raw, frame, header)
  // what was made clean is clean: checking it again changes nothing
  require(OffloadCheck.validate(clean, frame: frame, header: header) == verdict, "the check is idempotent")
  unsafe edited(clean, bytes)
}

func accepted(
  _ clean: VirtioNetHeader, _ segments: Int, _ raw: VirtioNetHeader, _ frame: RawSpan, _ header: FrameHeader
) {
  require((1...OffloadCheck.maximumSegments).contains(segments), "the number of segments is bounded")
  require(clean.flags & ~VirtioNetHeader.needsChecksum == 0, "only a known flag is handed on")
  require(clean.bufferCount == 0, "num_buffers is cleared")
  if clean.isChecksumPartial {
    let field = Int(clean.checksumStart) + Int(clean.checksumOffset)
    require(field + 2 <= frame.byteCount, "the checksum is inside the frame")
    require(Int(clean.checksumStart) >= header.payloadOffset + 20, "the checksum is behind the IP header")
    require(Int(clean.checksumStart) <= 0xFFFF - 16, "there is room for tags")
    require(
      clean.checksumStart == raw.checksumStart && clean.checksumOffset == raw.checksumOffset, "nothing is invented")
  } else {
    require(clean == VirtioNetHeader(), "nothing is asked without a checksum")
  }
  guard clean.isSegmented else {
    require(segments == 1 && clean.gsoSize == 0 && clean.headerLength == 0, "one frame has no segment size")
    return
  }
  require(clean.isChecksumPartial, "segments need checksums")
  require([1, 0x81, 4, 0x84, 5].contains(clean.gsoType), "the type is known")
  require(clean.gsoType == raw.gsoType && clean.gsoSize == raw.gsoSize, "type and size are the sender's")
  let transport = Int(clean.headerLength) - Int(clean.checksumStart)
  require((8...60).contains(transport), "the headers end behind the transport header")
  let payload = frame.byteCount - Int(clean.headerLength)
  let size = Int(clean.gsoSize)
  require(
    segments > 1 && (segments - 1) * size < payload && segments * size >= payload, "the segments make the payload")
}

/// A tag pushed and popped again leaves the frame as it was, and the header in between is still true of it.
func edited(_ clean: VirtioNetHeader, _ bytes: UnsafeRawBufferPointer) {
  let start = 16
  let length = VirtioNetHeader.size + bytes.count
  unsafe withUnsafeTemporaryAllocation(byteCount: start + length, alignment: 16) { buffer in
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe clean.store(to: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[(start + VirtioNetHeader.size)...]).copyMemory(from: bytes)
    guard let front = unsafe TagEdit.push(VLANTag(tpid: .customerTag, tci: 100), buffer, start: start, length: length)
    else { return require(false, "a clean header takes a tag") }
    let pushed = unsafe UnsafeRawBufferPointer(rebasing: buffer[front..<(start + length)])
    let frame = unsafe UnsafeRawBufferPointer(rebasing: pushed[VirtioNetHeader.size...]).bytes
    guard let moved = try? unsafe VirtioNetHeader(parsing: pushed.bytes), let header = try? FrameHeader(parsing: frame)
    else { return require(false, "a pushed tag parses") }
    // a fifth tag hides what is behind it
    let deep = header.tagCount == FrameHeader.maximumTags && header.etherType.isTag
    if !deep {
      let verdict = OffloadCheck.validate(moved, frame: frame, header: header)
      if case .rejected = verdict { require(false, "a tag does not make a header untrue") }
    }
    let back = unsafe TagEdit.pop(buffer, start: front, length: length + TagEdit.size)
    require(back == start, "a pushed tag can be popped")
    let restored = unsafe UnsafeRawBufferPointer(rebasing: buffer[start...])
    require((try? unsafe VirtioNetHeader(parsing: restored.bytes)) == clean, "the header is what it was")
    require(unsafe restored[VirtioNetHeader.size...].elementsEqual(bytes), "the frame is what it was")
    if clean.isChecksumPartial, !clean.isSegmented {
      let copy = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[(start + VirtioNetHeader.size)...])
      require(unsafe Checksum.complete(copy, clean), "an accepted checksum can be completed")
    }
  }
}

unsafe fuzz(one)
