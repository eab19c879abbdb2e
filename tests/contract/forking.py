"""Children of a fork, in tests."""

import faulthandler
import os
import signal

_LONGEST = 30


def in_child(call):
    """Fork; call in the child; return its exit status. One that hangs says where, and ends."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # What hangs in C never gets to a handler in Python, such as that of pytest-timeout.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            faulthandler.register(signal.SIGALRM, chain=True)
            signal.alarm(_LONGEST)
            call()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
