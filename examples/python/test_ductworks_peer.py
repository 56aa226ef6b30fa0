# -*- coding: utf-8 -*-
"""python3 -m unittest test_ductworks_peer"""

import os
import shutil
import socket
import sys
import tempfile
import threading
import unittest

import ductworks_peer
from ductworks_peer import Duct, MessageProtocolError, MessageTooLarge, MessageTruncated, RemoteDuctClosed, connect

NASTY = [
    None,
    u"",
    [],
    {},
    0,
    -1.5,
    True,
    u"\u00e9\u0ff0\u2028\u2029\ufeff\x00\x1f\"\\/",
    u"\U0001f600\U0010ffff",
    {u"\U0001f600": [u"", {u"": None}]},
    [[[[[[[[]]]]]]]],
    u"T" * 5,
    u"lol" * 349526,
]


def frame(payload):
    return b"T" + bytes(bytearray([0, 0, 0, len(payload)])) + payload


class OverASocketPair(unittest.TestCase):
    def setUp(self):
        self.raw, other = socket.socketpair()
        self.duct = Duct(other, max_message_bytes=2 * 1024 * 1024)

    def tearDown(self):
        self.raw.close()
        self.duct.close()

    def test_both_directions_escaped_and_not(self):
        for ensure_ascii in (True, False):
            a, b = socket.socketpair()
            with Duct(a, ensure_ascii=ensure_ascii) as one, Duct(b, ensure_ascii=ensure_ascii) as other:
                for message in NASTY:
                    sender = threading.Thread(target=one.send, args=(message,))
                    sender.start()
                    self.assertEqual(other.recv(), message)
                    sender.join()

    def test_the_header(self):
        self.duct.send([1, u"\u00e9"])
        self.assertEqual(self.raw.recv(100), b"T\x00\x00\x00\x0d[1, \"\\u00e9\"]")

    def test_every_split_point(self):
        stream = frame(b'"one"') + frame(b"2")
        for at in range(1, len(stream)):
            self.raw.sendall(stream[:at])
            self.assertTrue(at < 10 or self.duct.poll(0))
            sender = threading.Thread(target=self.raw.sendall, args=(stream[at:],))
            sender.start()
            self.assertEqual([self.duct.recv(), self.duct.recv()], [u"one", 2])
            sender.join()

    def test_poll_is_about_whole_messages(self):
        self.assertFalse(self.duct.poll(0))
        self.raw.sendall(frame(b"12345")[:-1])
        self.assertFalse(self.duct.poll(0.01))
        self.raw.sendall(b"5")
        self.assertTrue(self.duct.poll(None))
        self.assertEqual(self.duct.recv(), 12345)

    def test_the_end(self):
        self.raw.sendall(frame(b"1"))
        self.raw.close()
        self.assertEqual(list(self.duct), [1])
        self.assertTrue(self.duct.poll(0))
        self.assertRaises(RemoteDuctClosed, self.duct.recv)
        self.assertRaises(EOFError, self.duct.recv)
        self.assertRaises(RemoteDuctClosed, self.duct.send, 1)

    def test_an_end_inside_a_message(self):
        for at in range(1, 8):
            a, b = socket.socketpair()
            a.sendall(frame(b"123")[:at])
            a.close()
            with Duct(b) as duct:
                self.assertRaises(MessageTruncated, duct.recv)
                self.assertRaises(EOFError, duct.recv)

    def test_something_else_than_a_duct(self):
        self.raw.sendall(b"HTTP/1.1 400 Bad Request")
        self.assertTrue(self.duct.poll(0))
        self.assertRaises(MessageProtocolError, self.duct.recv)
        self.assertRaises(MessageProtocolError, self.duct.recv)

    def test_the_limit(self):
        self.raw.sendall(b"T\xff\xff\xff\xff")
        self.assertRaises(MessageTooLarge, self.duct.recv)
        self.assertRaises(MessageTooLarge, self.duct.send, u"x" * (2 * 1024 * 1024))

    def test_a_bad_payload_is_consumed(self):
        self.raw.sendall(frame(b"\xff") + frame(b"{") + frame(b"") + frame(b"3"))
        for _ in range(3):
            self.assertRaises(ValueError, self.duct.recv)
        self.assertEqual(self.duct.recv(), 3)

    def test_what_json_cannot_say_sends_nothing(self):
        self.assertRaises(ValueError, self.duct.send, float("nan"))
        self.assertRaises(TypeError, self.duct.send, object())
        self.duct.send(1)
        self.assertEqual(self.raw.recv(100), frame(b"1"))


class Addresses(unittest.TestCase):
    def listen(self, family, address):
        listener = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen(1)
        return listener

    def check(self, listener, address, **options):
        duct = connect(address, **options)
        self.addCleanup(duct.close)
        accepted, _ = listener.accept()
        self.addCleanup(accepted.close)
        duct.send(1)
        self.assertEqual(accepted.recv(100), frame(b"1"))
        accepted.sendall(frame(b"2"))
        self.assertEqual(duct.recv(), 2)

    def test_unix(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "peer.sock")
        self.check(self.listen(socket.AF_UNIX, path), "unix:" + path)

    def test_abstract(self):
        if sys.platform.startswith("linux"):
            name = "ductworks-peer-%d" % os.getpid()
            self.check(self.listen(socket.AF_UNIX, "\0" + name), "unix:@" + name)

    def test_tcp(self):
        listener = self.listen(socket.AF_INET, ("127.0.0.1", 0))
        self.check(listener, "tcp://127.0.0.1:%d" % listener.getsockname()[1])

    def test_fd(self):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        duct = connect("fd:%d" % os.dup(theirs.fileno()))
        theirs.close()
        ours.sendall(frame(b"1"))
        self.assertEqual(duct.recv(), 1)
        duct.close()
        self.assertEqual(ours.recv(1), b"")
        ours.close()

    def test_the_environment_and_the_token(self):
        listener = self.listen(socket.AF_INET, ("127.0.0.1", 0))
        os.environ["DUCTWORKS_ADDRESS"] = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
        os.environ["DUCTWORKS_TOKEN"] = "secret"
        duct = connect()
        self.addCleanup(duct.close)
        accepted, _ = listener.accept()
        self.addCleanup(accepted.close)
        duct.send(None)
        self.assertEqual(accepted.recv(100), b"secret" + frame(b"null"))
        self.assertNotIn("DUCTWORKS_ADDRESS", os.environ)
        self.assertNotIn("DUCTWORKS_TOKEN", os.environ)
        self.assertRaises(ValueError, connect)

    def test_no_address(self):
        for text in ("", "unix", "tcp://127.0.0.1", "tcp://:1", "fd:x", "memory:a"):
            self.assertRaises(ValueError, connect, text)

    def test_nobody_listens(self):
        self.assertRaises(EnvironmentError, connect, "unix:/nonexistent/peer.sock")


if __name__ == "__main__":
    unittest.main()
