// Frames through packet sockets on the real kernel: whole, with offload header and tag; what errors there are (K1, K2, K4).

import CLinux
import Glibc
import Synchronization
import Testing
import Wire

@testable import LinuxIO

extension Devices {
  struct PacketSocketTests {
    @Test(arguments: [false, true])
    func K4_framesWholeWithOffloadHeader(short: Bool) throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near, short: short)
      let far = try PacketSocket(cable.far, short: short)
      #expect(near.isShort == short && far.isShort == short)
      for size in [60, 14, 15, 61, 1499, 1514] {
        let bytes = Sample.header() + Sample.plain(size: size)
        #expect(far.send(bytes) == bytes.count)
        let landed = try #require(near.next())
        #expect(landed.front == 0 && landed.count == bytes.count)
        #expect(landed.frame == Array(bytes[12...]), "\(size)")
        // The receiver's kernel may add that the checksum is good.
        let header = try #require(landed.header)
        #expect(header.flags & ~VirtioNetHeader.dataValid == 0 && header.gsoType == 0 && header.bufferCount == 0)
      }
      #expect(near.receive().count == Int(-EAGAIN) && far.receive().count == Int(-EAGAIN))
    }

    /// Checksums and segments that are still to be made stay so, with the tag where it was: none, one of each kind, two.
    @Test(arguments: [false, true])
    func K4_partialAndSegmentedWithTags(short: Bool) throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near, short: short)
      let far = try PacketSocket(cable.far, short: short)
      let stacks: [[UInt8]] = [
        [], Sample.tag(0x8100, 0xB00A), Sample.tag(0x88A8, 0x0FFE), Sample.tag(0x8100, 0),
        Sample.tag(0x88A8, 100) + Sample.tag(0x8100, 0x3007), Sample.tag(0x8100, 5) + Sample.tag(0x8100, 6),
      ]
      for tags in stacks {
        let front = tags.isEmpty ? 0 : 4
        let plain = Sample.header() + Sample.plain(size: 100, tags: tags)
        #expect(far.send(plain) == plain.count)
        let bare = try #require(near.next())
        #expect(bare.front == front && bare.count == plain.count && bare.frame == Array(plain[12...]), "\(tags)")
        #expect(bare.header?.flags == 0 || bare.header?.flags == VirtioNetHeader.dataValid)
        #expect(bare.header?.checksumStart == 0)

        let partial = Sample.partialUDP(tags: tags)
        #expect(far.send(partial) == partial.count)
        let datagram = try #require(near.next())
        #expect(datagram.front == front && datagram.count == partial.count)
        #expect(datagram.bytes == partial, "\(tags)")

        let stream = Sample.gsoTCP(tags: tags, segments: tags.count > 4 ? 1 : 45)
        #expect(far.send(stream) == stream.count, "\(tags)")
        let large = try #require(near.next())
        #expect(large.front == front && large.count == stream.count, "\(tags)")
        #expect(large.frame == Array(stream[12...]), "\(tags)")
        let header = try #require(large.header)
        let sent = try #require(unsafe stream.withUnsafeBytes { try? unsafe VirtioNetHeader(parsing: $0.bytes) })
        #expect(header.flags == sent.flags && header.checksumStart == sent.checksumStart, "\(tags)")
        #expect(header.checksumOffset == sent.checksumOffset, "\(tags)")
        guard tags.count <= 4 else { continue }
        #expect(header.gsoType == sent.gsoType && header.gsoSize == sent.gsoSize, "\(tags)")
        #expect(header.headerLength >= sent.headerLength, "\(tags)")
      }
      #expect(near.receive().count == Int(-EAGAIN))
    }

    /// Behind two tags this kernel cuts a stream itself before it goes out: the segments come whole and in order.
    @Test(arguments: [false, true])
    func K4_streamBehindTwoTags(short: Bool) throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near, short: short)
      let far = try PacketSocket(cable.far, short: short)
      let tags = Sample.tag(0x88A8, 100) + Sample.tag(0x8100, 7)
      let stream = Sample.gsoTCP(tags: tags)
      #expect(far.send(stream) == stream.count)
      let headers = 14 + tags.count + 40
      var payload: [UInt8] = []
      while let landed = near.next(within: 50), landed.count > 0 {
        #expect(landed.front == 4 && Array(landed.frame[12..<20]) == tags)
        payload += landed.frame.dropFirst(headers)
      }
      #expect(payload == Array(stream[(12 + headers)...]))
    }

    /// An offload that the header has no name for (a guest may ask for UDP fragmentation): the kernel drops the frame as
    /// it is read, which says nothing about the port. It counts as one with a bad offload, being shorter than a header.
    @Test(arguments: [false, true])
    func K4_offloadWithoutName(short: Bool) throws {
      let name = Machine.unique("pt")
      let guest = try TapDevice.attach(Devices.request(name))
      defer { guest.close(removing: true) }
      try Command.run("sh", "-c", "f=/proc/sys/net/ipv6/conf/\(name)/disable_ipv6; [ ! -e $f ] || echo 1 > $f")
      let socket = try PacketSocket(name, short: short)
      var frame = Sample.partialUDP(payload: 4000)
      frame[1] = VirtioNetHeader.gsoUDP
      frame.replaceSubrange(4..<6, with: [0, 4])  // gso_size 1024
      for bytes in [frame, Sample.header() + Sample.plain()] {
        #expect(unsafe bytes.withUnsafeBytes { unsafe guest.io.transmit($0) } == bytes.count)
      }
      #expect(socket.next()?.count == 1)
      #expect(socket.next()?.frame == Sample.plain())
      #expect(socket.receive().count == Int(-EAGAIN))
    }

    @Test func K4_ownTransmissionsAreNotHeard() throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near)
      let far = try PacketSocket(cable.far)
      for _ in 0..<10 { near.send(Sample.header() + Sample.plain()) }
      for _ in 0..<10 { #expect(far.next()?.frame == Sample.plain()) }
      // Not what others of this host send there either.
      try Devices.sendFrames(3, device: cable.near, namespace: nil)
      for _ in 0..<3 { #expect(far.next() != nil) }
      #expect(near.next(within: 50) == nil)
    }

    @Test func hearsWhatIsForOthersAndEndsThatWithTheSocket() throws {
      let cable = try Cable()
      func promiscuity() throws -> Bool { try Devices.ip("-d link show \(cable.near)").contains("promiscuity 1 ") }
      #expect(try !promiscuity())
      do {
        let near = try PacketSocket(cable.near)
        let far = try PacketSocket(cable.far)
        #expect(try promiscuity())
        for destination: [UInt8] in [[0x02, 9, 9, 9, 9, 9], [1, 0x80, 0xC2, 0, 0, 0x0E], [0x33, 0x33, 0, 0, 0, 1]] {
          let bytes = Sample.plain(to: destination)
          far.send(Sample.header() + bytes)
          #expect(near.next()?.frame == bytes)
        }
      }
      #expect(try !promiscuity())
    }

    /// Another interface's frames never come in, not even in the beginning.
    @Test func hearsOneInterfaceOnly() throws {
      let other = try Cable()
      let cable = try Cable()
      let sender = try PacketSocket(other.far)
      let near = try PacketSocket(cable.near)
      for _ in 0..<10 { sender.send(Sample.header() + Sample.plain()) }
      #expect(near.next(within: 50) == nil)
    }

    /// What does not fit fills the room, tagged or not: so it is counted as too large.
    @Test(arguments: [false, true])
    func oversize(short: Bool) throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near, short: short)
      let far = try PacketSocket(cable.far)
      for (tags, size, room, expected) in [
        ([], 200, 212, 212), ([], 201, 212, 212), ([], 1514, 212, 212), ([], 199, 212, 211),
        (Sample.tag(0x8100, 9), 1000, 212, 212), (Sample.tag(0x8100, 9), 204, 212, 216),
        (Sample.tag(0x8100, 9), 205, 212, 212),
      ] as [([UInt8], Int, Int, Int)] {
        far.send(Sample.header() + Sample.plain(size: size, tags: tags))
        _ = Devices.soon { Devices.pollIn(near.descriptor) }
        let landed = near.receive(room: room)
        #expect(landed.count == expected, "\(tags) \(size)")
        #expect(landed.front == (expected > room ? 4 : 0))
      }
      #expect(near.receive(room: 20).count == Int(-ENOBUFS))
    }

    /// The kernel allows one tag of 0x8100 over the mtu and no other; a TAP has no such limit.
    @Test(arguments: [false, true])
    func sendingOverTheMTU(short: Bool) throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near, short: short)
      for (tags, size, fits) in [
        ([], 1514, true), ([], 1515, false), (Sample.tag(0x8100, 9), 1518, true), (Sample.tag(0x8100, 9), 1519, false),
        (Sample.tag(0x88A8, 9), 1514, true), (Sample.tag(0x88A8, 9), 1518, false),
        (Sample.tag(0x8100, 9) + Sample.tag(0x8100, 9), 1522, false),
      ] as [([UInt8], Int, Bool)] {
        let result = near.send(Sample.header() + Sample.plain(size: size, tags: tags))
        #expect(result == (fits ? size + 12 : Int(-EMSGSIZE)), "\(tags) \(size)")
      }
      #expect(near.send([1, 2, 3]) == Int(-EINVAL))
    }

    /// K2: no rebinding; what waited in the socket is still there.
    @Test func K2_downAndUp() throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near)
      let far = try PacketSocket(cable.far)
      far.send(Sample.header() + Sample.plain())
      #expect(Devices.soon { Devices.pollIn(near.descriptor) })
      try Devices.ip("link set \(cable.near) down")
      #expect(near.receive().count == Int(-ENETDOWN))
      #expect(near.receive().frame == Sample.plain())
      #expect(near.receive().count == Int(-EAGAIN))
      #expect(near.send(Sample.header() + Sample.plain()) == Int(-ENETDOWN))
      #expect(ts_packet_index(near.descriptor) > 0)
      try Devices.ip("link set \(cable.near) up")
      _ = Devices.soon(5) { far.send(Sample.header() + Sample.plain()) > 0 && near.receive().count > 0 }
      while near.receive().count > 0 {}
      let bytes = Sample.header() + Sample.plain(size: 77)
      #expect(near.send(bytes) == bytes.count)
      #expect(Devices.soon { far.receive().count == bytes.count })
      far.send(bytes)
      #expect(near.next()?.count == bytes.count)
    }

    /// Opened while the interface is down: no error is left over, and it works once that is up.
    @Test func openedWhileDown() throws {
      let cable = try Cable()
      try Devices.ip("link set \(cable.near) down")
      let near = try PacketSocket(cable.near)
      #expect(near.receive().count == Int(-EAGAIN))
      #expect(near.send(Sample.header() + Sample.plain()) == Int(-ENETDOWN))
      try Devices.ip("link set \(cable.near) up")
      let far = try PacketSocket(cable.far)
      #expect(Devices.soon(5) { far.send(Sample.header() + Sample.plain()) > 0 && near.receive().count > 0 })
    }

    /// K1: ENETDOWN once, then silence; a device of the same name that comes later is not heard.
    @Test(arguments: ["deleted", "moved"])
    func K1_interfaceGone(how: String) throws {
      let namespace = try TestNamespace()
      let cable = try Cable()
      let near = try PacketSocket(cable.near)
      if how == "deleted" {
        try Devices.ip("link del \(cable.near)")
      } else {
        try Devices.ip("link set \(cable.near) netns \(namespace.name)")
      }
      #expect(near.receive().count == Int(-ENETDOWN))
      #expect(near.receive().count == Int(-EAGAIN))
      #expect(near.send(Sample.header() + Sample.plain()) == Int(-ENXIO))
      #expect(ts_packet_index(near.descriptor) == -ENODEV)
      #expect(!Devices.pollIn(near.descriptor))
      #expect(ts_packet_drops(near.descriptor) == 0)
      if how == "moved" { try namespace.ip("link del \(cable.near)") }
      try Devices.ip("link add \(cable.near) type veth peer name \(cable.far)")
      try Devices.ip("link set \(cable.near) up")
      #expect(near.send(Sample.header() + Sample.plain()) == Int(-ENXIO))
      #expect(ts_packet_index(near.descriptor) == -ENODEV)
    }

    @Test func dropsAreToldOnce() throws {
      let cable = try Cable()
      let near = try PacketSocket(cable.near)
      let far = try PacketSocket(cable.far)
      #expect(ts_packet_drops(near.descriptor) == 0)
      let bytes = Sample.gsoTCP()
      for _ in 0..<2000 { far.send(bytes) }
      #expect(Devices.soon { ts_packet_drops(near.descriptor) > 0 })
      usleep(20_000)
      _ = ts_packet_drops(near.descriptor)
      #expect(ts_packet_drops(near.descriptor) == 0)
    }

    @Test func noInterface() {
      var isShort: Int32 = 0
      let before = Machine.openDescriptors
      for _ in 0..<60 { #expect(unsafe ts_packet_open(2_000_000_000, 0, &isShort) == -ENODEV) }
      #expect(Machine.openDescriptors < before + 40)
    }
  }

  static func pollIn(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe Glibc.poll(&entry, 1, 0) > 0
  }
}
