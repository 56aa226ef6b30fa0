"""multiprocessing.Pipe: round trips of bytes. Listener and Client make the same Connection as Pipe does."""

import sys
from multiprocessing.connection import Client, Listener

from common import laps, say, serve

role, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])

if role == "measure":
    listener = Listener(path, "AF_UNIX")
    say("listening")
    connection = listener.accept()
    listener.close()
    message = b"\7" * size

    def trip():
        connection.send_bytes(message)
        connection.recv_bytes()

    serve(lambda count: laps(trip, count))
else:
    connection = Client(path, "AF_UNIX")
    try:
        while True:
            connection.send_bytes(connection.recv_bytes())
    except EOFError:
        pass
