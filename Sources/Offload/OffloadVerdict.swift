// What the check of an offload header says, as plain bits.

public import Wire

/// Why an offload header is not believed. All of them are the drop reason `bad_offload`; which one it was is for
/// logs and tests.
public enum OffloadFault: UInt8, Error, Sendable, BitwiseCopyable {
  /// Asks for work on headers that do not parse: not IP, cut short, or lengths that contradict the frame.
  case headers
  /// A checksum or segments asked for in a fragment that has no layer-4 header.
  case fragment
  /// The checksum would start in the Ethernet, VLAN or IP header.
  case checksumStart
  /// The checksum is not where the protocol has it, or beyond the end of the packet.
  case checksumOffset
  /// A segmentation type that is unknown, was not offered, or does not fit ethertype and protocol.
  case segmentType
  /// Segments without a request for their checksums.
  case segmentChecksum
  /// A segment size of 0, below the floor, or one that makes more segments than are allowed.
  case segmentSize
}

/// Either the header as it may be handed to a receiver, or why the frame is dropped.
public enum OffloadVerdict: Sendable, BitwiseCopyable, Equatable {
  /// - Parameters:
  ///   - header: every field known to be true of the frame, everything else zero.
  ///   - segments: how many frames this one stands for, 1 to `OffloadCheck.maximumSegments`.
  case accepted(header: VirtioNetHeader, segments: Int)
  case rejected(OffloadFault)
}
