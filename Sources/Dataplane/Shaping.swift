// The stage before Delivery.transmit where a frame gets the VLAN tag that its next port wants, or loses it: in place,
// in the arena. It decides the form only; which port gets the frame was decided before.

internal import BridgeCore
internal import Offload
internal import Wire

/// A frame with the VLAN tag that it bears at the moment, on its way to one port or to many.
///
/// Its VLAN tag is the outermost tag if that has the TPID of the port it came in by; whatever else it bears is payload.
/// A port takes frames of its native VLAN without VLAN tag, unless one of payload would then stand first and be taken
/// for it (double tagging, stacked VID 0: rows V3, V6); all others with a tag of its own TPID that names the VLAN.
/// Priority and drop eligibility stay.
@unsafe
struct ShapedFrame: BitwiseCopyable {
  private(set) var frame: Frame
  /// TPID in the high and TCI in the low half; 0 for none.
  private var tag: UInt32
  /// PCP and DEI of the tag that it came with, and its VLAN.
  private let control: UInt32
  /// The type or TPID behind the VLAN tag.
  private let inner: UInt32

  /// - Parameters:
  ///   - vlan: the VLAN that the frame was admitted to.
  ///   - ingress: `PortSlot.tagType` of the port it came in by.
  @inline(__always)
  init(_ frame: Frame, vlan: UInt16, ingress: UInt32) {
    let outer = unsafe frame.tag
    let isOurs = outer &>> 16 == ingress
    unsafe self.frame = frame
    unsafe tag = isOurs ? outer : 0
    unsafe control = (isOurs ? outer & 0xF000 : 0) | UInt32(vlan)
    unsafe inner = UInt32(frame.type(behindTag: isOurs))
  }

  /// Gives the frame the form that a port wants.
  /// - Returns: false where that cannot be, which no frame that passed the check of its offload header brings about.
  @inline(__always)
  mutating func shape(for slot: UnsafeMutablePointer<PortSlot>, vlan: UInt16) -> Bool {
    let bare = unsafe slot.pointee.native == vlan && slot.pointee.tagType != inner
    let wanted = unsafe bare ? 0 : UInt32(slot.pointee.tpid) &<< 16 | control
    return unsafe tag == wanted || retag(wanted)
  }

  @inline(never)
  private mutating func retag(_ wanted: UInt32) -> Bool {
    let edited =
      unsafe wanted == 0
      ? frame.popTag() : tag == 0 ? frame.pushTag(VLANTag(bits: wanted)) : frame.setTag(VLANTag(bits: wanted))
    if edited { unsafe tag = wanted }
    return edited
  }
}

extension VLANTag {
  /// TPID in the high and TCI in the low half.
  fileprivate init(bits: UInt32) {
    self.init(
      tpid: EtherType(rawValue: UInt16(truncatingIfNeeded: bits &>> 16)), tci: UInt16(truncatingIfNeeded: bits))
  }
}
