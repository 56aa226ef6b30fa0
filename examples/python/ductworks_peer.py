"""One end of a duct, in Python: the standard library alone, Python 2.7 and 3.6 or newer.

The other end is a ``MessageDuct`` of Ductworks for Effect with its default framing and format. On the wire a message is
a header of five bytes, the byte 0x54 and the payload's length (unsigned, 32 bits, big-endian), and then the payload:
JSON in UTF-8.

    from ductworks_peer import connect

    duct = connect()                     # the address is in the environment: this process was started by the other end
    duct = connect("unix:/run/app.sock") # or it is given
    duct.send({"path": u"cat.png"})
    print(duct.recv())
    duct.close()

Addresses: ``unix:/path``, ``unix:@abstract``, ``tcp://127.0.0.1:7000``, ``tcp://[::1]:7000``, ``fd:3``.

Not for use by several threads at once.
"""

import errno
import fcntl
import json
import os
import select
import socket
import struct
import time

MAGIC = 0x54
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

_HEADER = struct.Struct(">BI")
_clock = getattr(time, "monotonic", time.time)


class RemoteDuctClosed(EOFError):
    """The other end closed, and nothing that it sent is missing."""


class MessageTruncated(EOFError):
    """The other end closed inside a message."""


class RemoteDuctReset(EOFError):
    """The other end broke the connection off."""


class MessageProtocolError(ValueError):
    """A message does not begin with 0x54: the other end speaks something else. The duct is of no more use."""


class MessageTooLarge(ValueError):
    """A message is over the limit. Received: the duct is of no more use. Sent: nothing left."""


def connect(address=None, token=None, timeout=30.0, max_message_bytes=MAX_MESSAGE_BYTES, ensure_ascii=True):
    """Connects to the parent and returns a Duct.

    address -- its text form. Default: the environment's DUCTWORKS_ADDRESS, which is removed from there together with
        DUCTWORKS_TOKEN, so that this process's own children do not take them for theirs.
    token -- sent first, as UTF-8, where the parent asks for a proof. Default: DUCTWORKS_TOKEN, if the address is from
        the environment.
    timeout -- seconds for connecting; afterwards send and recv wait as long as it takes.
    max_message_bytes -- the largest payload that is sent or accepted.
    ensure_ascii -- whether characters beyond ASCII are sent escaped; the other end reads both.

    Raises ValueError for an address that is none, OSError (socket.error) when connecting fails.
    """
    if address is None:
        address = os.environ.pop("DUCTWORKS_ADDRESS", None)
        inherited = os.environ.pop("DUCTWORKS_TOKEN", None)
        token = inherited if token is None else token
        if address is None:
            raise ValueError("no address: give one, or set DUCTWORKS_ADDRESS")
    sock = _open(address, timeout)
    if token is not None:
        sock.sendall(token if isinstance(token, bytes) else token.encode("utf-8"))
    return Duct(sock, max_message_bytes, ensure_ascii)


class Duct(object):
    """One end of a duct over a connected stream socket, which is the duct's from here on."""

    def __init__(self, sock, max_message_bytes=MAX_MESSAGE_BYTES, ensure_ascii=True):
        self._socket = sock
        self._limit = max_message_bytes
        self._ensure_ascii = ensure_ascii
        self._received = bytearray()
        self._end = None

    def send(self, message):
        """Sends one message: what json.dumps takes, but no NaN or infinity, and in Python 2 text only as unicode.

        Raises RemoteDuctClosed or RemoteDuctReset (both EOFError) when the other end is gone, MessageTooLarge,
        and what json.dumps raises; then nothing was sent.
        """
        text = json.dumps(message, ensure_ascii=self._ensure_ascii, allow_nan=False)
        payload = text if isinstance(text, bytes) else text.encode("utf-8")
        if len(payload) > self._limit:
            raise MessageTooLarge("a message of %d bytes is over the limit of %d" % (len(payload), self._limit))
        try:
            self._socket.sendall(_HEADER.pack(MAGIC, len(payload)) + payload)
        except socket.error as error:
            raise _end_of_file(error) or error

    def recv(self):
        """The next message; waits for it as long as it takes.

        Raises EOFError at the end: RemoteDuctClosed, or MessageTruncated inside a message, or RemoteDuctReset.
        Raises MessageProtocolError or MessageTooLarge, after which the duct is of no more use, and ValueError for a
        payload that is not JSON in UTF-8; the next recv then gives the message after it.
        """
        while not self._is_ready():
            self._fill()
        size = self._size()
        if size is None or len(self._received) < _HEADER.size + size:
            if self._received and isinstance(self._end, RemoteDuctClosed):
                raise MessageTruncated("the other end closed inside a message")
            raise self._end
        payload = bytes(self._received[_HEADER.size : _HEADER.size + size])
        del self._received[: _HEADER.size + size]
        return json.loads(payload.decode("utf-8"))

    def poll(self, timeout=60.0):
        """Whether a whole message, or the end, comes within timeout seconds: whether recv would not wait.

        0 does not wait; None waits for ever.
        """
        deadline = None if timeout is None else _clock() + timeout
        while not self._is_ready():
            left = None if deadline is None else max(0.0, deadline - _clock())
            if not select.select([self._socket], [], [], left)[0]:
                return False
            self._fill()
        return True

    def fileno(self):
        """The descriptor, for other event loops."""
        return self._socket.fileno()

    def close(self):
        """Closes this end. The other end receives what was sent, then the end."""
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        """The messages up to a clean end."""
        try:
            while True:
                yield self.recv()
        except RemoteDuctClosed:
            return

    def _size(self):
        """The length in the header, or None while there is no whole header. Nothing is reserved for it."""
        if self._received and self._received[0] != MAGIC:
            raise MessageProtocolError("expected 0x%02x, received 0x%02x" % (MAGIC, self._received[0]))
        if len(self._received) < _HEADER.size:
            return None
        size = _HEADER.unpack(bytes(self._received[: _HEADER.size]))[1]
        if size > self._limit:
            raise MessageTooLarge("a message of %d bytes is over the limit of %d" % (size, self._limit))
        return size

    def _is_ready(self):
        """Whether recv can tell its result."""
        if self._end is not None:
            return True
        try:
            size = self._size()
        except ValueError:
            return True
        return size is not None and len(self._received) >= _HEADER.size + size

    def _fill(self):
        """Takes what is here, waiting for something to be."""
        try:
            chunk = self._socket.recv(262144)
        except socket.error as error:
            self._end = _end_of_file(error)
            if self._end is None:
                raise
            return
        if chunk:
            self._received.extend(chunk)
        else:
            self._end = RemoteDuctClosed("the other end of the duct has closed")


def _end_of_file(error):
    if error.errno == errno.EPIPE:
        return RemoteDuctClosed("the other end of the duct has closed")
    if error.errno == errno.ECONNRESET:
        return RemoteDuctReset("the other end reset the connection")
    return None


def _open(address, timeout):
    """A connected, blocking socket."""
    family, target = _parse(address)
    if family is None:
        # A duplicate, since Python 2 and 3.6 cannot adopt a descriptor. The family has no meaning for send and recv.
        sock = socket.fromfd(target, socket.AF_UNIX, socket.SOCK_STREAM)
        os.close(target)
    else:
        sock = socket.socket(family, socket.SOCK_STREAM)
    # Python 2 lets its children inherit descriptors: they would keep the duct open.
    fcntl.fcntl(sock.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try:
        if family is not None:
            sock.settimeout(timeout)
            sock.connect(target)
        if family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Also of a descriptor that whoever left it here had made non-blocking.
        sock.setblocking(True)
    except BaseException:
        sock.close()
        raise
    return sock


def _parse(address):
    """(family, what connect takes), or (None, descriptor)."""
    if address.startswith("unix:"):
        path = address[len("unix:") :]
        return socket.AF_UNIX, "\0" + path[1:] if path.startswith("@") else path
    if address.startswith("tcp://"):
        host, _, port = address[len("tcp://") :].rpartition(":")
        if host and port.isdigit():
            bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
            family, _, _, _, target = socket.getaddrinfo(bare, int(port), 0, socket.SOCK_STREAM)[0]
            return family, target
    if address.startswith("fd:") and address[len("fd:") :].isdigit():
        return None, int(address[len("fd:") :])
    raise ValueError("%r is not unix:<path>, unix:@<abstract name>, tcp://<host>:<port> or fd:<number>" % (address,))
