"""terminal.py <text> <command>...: runs the command on a terminal of its own, and presses Ctrl-C once the text appeared.

Prints what the terminal got, then "exit <code>".
"""

import os
import pty
import struct
import sys
import fcntl
import termios

awaited, command = sys.argv[1].encode(), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

output, pressed = b"", False
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # the last process has closed the terminal
        break
    if not chunk:
        break
    output += chunk
    if awaited and not pressed and awaited in output:
        pressed = True
        os.write(terminal, b"\x03")
_, status = os.waitpid(pid, 0)
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
sys.stdout.write(output.decode("utf-8") + "exit %d\n" % code)
