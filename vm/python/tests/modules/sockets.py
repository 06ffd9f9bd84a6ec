# Sockets on the loopback and in pairs: addresses, options, time limits, messages with descriptors, names, errors.
import os
import select
import socket
import struct


def attempt(label, function, *arguments):
    try:
        print(label, function(*arguments))
    except Exception as error:
        print(label, type(error).__name__, error)


for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError as error:
        print("no", family, error.errno)
        continue
    client = socket.socket(family)
    client.settimeout(5)
    client.connect(server.getsockname())
    peer, address = server.accept()
    print(address == client.getsockname(), peer.getpeername() == address, len(address), server.family, server.type)
    client.sendall(b"x" * 100000)
    got = b""
    while len(got) < 100000:
        got += peer.recv(65536)
    print(len(got), client.gettimeout(), peer.getblocking())
    peer.send(b"hello world")
    room = bytearray(20)
    print(client.recv(5), client.recv_into(room, 3), room[:5], client.recv_into(memoryview(room)[4:]), bytes(room))
    client.shutdown(socket.SHUT_WR)
    print(peer.recv(10))
    attempt("shut", client.send, b"x")
    client.settimeout(0.01)
    attempt("late", client.recv, 1)
    client.setblocking(False)
    attempt("block", client.recv, 1)
    for one in (server, client, peer):
        one.close()
    attempt("closed", client.recv, 1)
left, right = socket.socketpair()
print(left.family, left.type, left.proto, repr(left.getsockname()), left.fileno() > 0)
left.sendmsg([b"one", bytearray(b"two")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", 1))])
data, ancillary, flags, address = right.recvmsg(100, socket.CMSG_SPACE(4))
print(data, [(level, kind, len(part)) for level, kind, part in ancillary], flags & ~socket.MSG_CMSG_CLOEXEC, address)
os.close(struct.unpack("i", ancillary[0][2])[0])
poller = select.poll()
poller.register(right, select.POLLIN)
print(poller.poll(0), select.select([right], [right], [], 0)[1] == [right])
left.send(b"!")
print([event for _, event in poller.poll(100)], select.select([right], [], [], 1)[0] == [right])
queue = select.epoll()
queue.register(right.fileno(), select.EPOLLIN)
print([event for _, event in queue.poll(1)], queue.closed)
queue.close()
attempt("queue", queue.poll)
attempt("poll", poller.unregister, left)
attempt("poll", poller.register, "x")
attempt("select", select.select, [1.5], [], [])
attempt("select", select.select, [], [], [], -1)
attempt("select", select.select, 5, [], [])
print(right.detach() > 0, right.fileno())
udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for one in udp:
    one.bind(("localhost", 0))
udp[0].sendto(b"datagram", udp[1].getsockname())
data, address = udp[1].recvfrom(100)
print(data, address == udp[0].getsockname())
for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
    before = udp[0].getsockopt(socket.SOL_SOCKET, option)
    udp[0].setsockopt(socket.SOL_SOCKET, option, 1)
    print(before, udp[0].getsockopt(socket.SOL_SOCKET, option), len(udp[0].getsockopt(socket.SOL_SOCKET, option, 4)))
tcp = socket.socket()
for address in (5, ("x",), ("127.0.0.1", "x"), ("127.0.0.1", 99999), ("127.0.0.1", 1), ("a\0b", 1), (5, 1)):
    attempt(address, tcp.connect, address)
attempt("send", tcp.send, "text")
attempt("listen", tcp.listen, "x")
attempt("recv", tcp.recv, -1)
attempt("limit", tcp.settimeout, -1)
attempt("limit", tcp.settimeout, "x")
attempt("family", socket.socket, 999)
attempt("fd", socket.socket, -1, -1, -1, -5)
tcp.close()
for number in (0, 1, 0x1234, 65535, 65536, -1, "x"):
    attempt(number, socket.htons, number)
for number in (0, 0x12345678, 2**32 - 1, 2**32, -1, "x"):
    attempt(number, socket.htonl, number)
for text in ("127.0.0.1", "1.2", "1.2.3.400", "x"):
    attempt(text, socket.inet_aton, text)
    attempt(text, socket.inet_pton, socket.AF_INET, text)
for text in ("::1", "::ffff:1.2.3.4", "::102:304", "fe80::1:0:0:5", "x"):
    attempt(text, lambda: socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text)))
attempt("ntop", socket.inet_ntop, socket.AF_INET, b"123")
attempt("ntop", socket.inet_ntop, 77, b"1234")
attempt("ntoa", socket.inet_ntoa, b"1234")
attempt("name", socket.gethostbyname, "127.0.0.1")
attempt("info", socket.getaddrinfo, "127.0.0.1", 80, 0, socket.SOCK_STREAM)
attempt("info", socket.getnameinfo, ("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
attempt("proto", socket.getprotobyname, "tcp")
attempt("interface", socket.if_nametoindex, "lo")
attempt("interface", socket.if_indextoname, 1)
attempt("space", lambda: [(socket.CMSG_LEN(n), socket.CMSG_SPACE(n)) for n in range(10)])
attempt("space", socket.CMSG_SPACE, 2**31 - 1)
print(socket.getdefaulttimeout())
socket.setdefaulttimeout(2.5)
print(socket.socket().gettimeout(), socket.getdefaulttimeout())
