"""Sends back what it receives, until it receives null (None): the child of example 5.

    python3 echo.py unix:/run/app.sock [--utf8]

Without an address it takes DUCTWORKS_ADDRESS from the environment. With --utf8 it sends characters beyond ASCII as they
are, otherwise escaped.
"""

import sys

from ductworks_peer import connect

arguments = [argument for argument in sys.argv[1:] if argument != "--utf8"]

with connect(arguments[0] if arguments else None, ensure_ascii="--utf8" not in sys.argv) as duct:
    while True:
        while not duct.poll(1):
            pass
        message = duct.recv()
        if message is None:
            break
        duct.send(message)
