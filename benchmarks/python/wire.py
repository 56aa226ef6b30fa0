"""The wire of ductworks on the standard library: round trips of JSON, and the large texts of EX-10 one way."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python"))
from common import laps, say, serve
from ductworks_peer import Duct, RemoteDuctClosed, connect

role, path, work = sys.argv[1], sys.argv[2], sys.argv[3]
message = {"id": 12345, "kind": "measure", "text": "a quick brown fox", "values": [1, 2, 3, 4, 5], "done": False}
large = u"\u0ff0lol" * 131072


def measure(duct):
    def trip():
        duct.send(message)
        duct.recv()

    def one_way(count):
        begun = time.perf_counter_ns()
        duct.send(count)
        for _ in range(count):
            duct.send(large)
        duct.recv()
        return {"value": (time.perf_counter_ns() - begun) / count}

    serve((lambda count: laps(trip, count)) if work == "echo" else one_way)


def answer(duct):
    while True:
        received = duct.recv()
        if work == "echo":
            duct.send(received)
        else:
            for _ in range(received):
                duct.recv()
            duct.send("done")


if role == "measure":
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(1)
    say("listening")
    measure(Duct(listener.accept()[0]))
else:
    try:
        answer(connect("unix:" + path, ensure_ascii=False))
    except RemoteDuctClosed:
        pass
