"""Children of a fork, in tests."""

import os
import signal


def in_child(call):
    """Fork; call in the child, which an alarm ends if it hangs; return its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # What hangs in C never gets to a handler in Python, such as that of pytest-timeout.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(30)
            call()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
