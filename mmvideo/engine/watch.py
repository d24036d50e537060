"""Processes that train together end together, soon, and one of them says why.

A process that waits for another one's gradients may hear nothing when that one dies: with NCCL,
until a timeout of ten minutes. So each holds a connection to process 0 for as long as it lives. The
system closes it when a process dies, however that happens, and process 0 tells the others. What a
process does in the meantime does not matter: nothing has to be sent in time.
"""
import atexit
import json
import logging
import os
import selectors
import socket
import sys
import threading
import time

__all__ = ['GRACE_SECONDS', 'LOST_SECONDS', 'Watch', 'present']

# From the news of a death until a process that waits in some library is ended.
GRACE_SECONDS = 5.0
# Until a machine that answers no probe counts as dead.
LOST_SECONDS = 25
PROBES = dict(TCP_KEEPIDLE=10, TCP_KEEPINTVL=5, TCP_KEEPCNT=3)
# How long an error waits for news of a death that would explain it.
NEWS_SECONDS = 2.0
# Of several processes with the same error one tells it: process 0, or one that waits less.
TURN_SECONDS, STEP_SECONDS, LAST_TURN_SECONDS = 1.0, 0.05, 5.0
STATUS = 2

_present = None


def present():
    """The watch of this process, or None."""
    return _present


class _Line:
    """A connection; messages are dicts, one a line.

    Attributes:
        who: the process at the other end, for messages; None until it is known.
        is_done: its end is expected.
    """

    def __init__(self, connection, who=None):
        connection.settimeout(LOST_SECONDS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in PROBES.items():
            if hasattr(socket, name):       # Linux
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self.connection, self.who = connection, who
        self.is_done, self._rest = False, b''

    def send(self, **message):
        try:
            self.connection.sendall(json.dumps(message).encode() + b'\n')
        except OSError:
            pass        # whoever does not hear is gone, and reading says so

    def read(self):
        """Messages that have come; None once the other side is gone, or talks otherwise."""
        try:
            found = self.connection.recv(1 << 16)
            *lines, self._rest = (self._rest + found).split(b'\n')
            return [dict(json.loads(line)) for line in lines] if found else None
        except (OSError, ValueError, TypeError):
            return None


class Watch:
    """What a process knows of the others.

    Args:
        rank: of this process.
        size: number of processes.

    Attributes:
        name: of this process, in messages of others.
        verdict: why all must end, once one is gone.
    """

    def __init__(self, rank, size):
        self.rank, self.size, self.verdict = rank, size, None
        self.name = f'process {rank} of {size} ({socket.gethostname()}, id {os.getpid()})'
        self._news = threading.Condition()
        self._selector = selectors.DefaultSelector()
        self._lines, self._door, self._key = [], None, None

    def listen(self, host, key):
        """Open the door of process 0 and give its port.

        Args:
            host: by which the others know this machine.
            key: what they say, so that no stranger is let in.
        """
        own = host if host in ('127.0.0.1', 'localhost') else ''
        self._key, self._door = key, socket.create_server((own, 0), backlog=self.size)
        self._selector.register(self._door, selectors.EVENT_READ)
        return self._door.getsockname()[1]

    def connect(self, host, port, key, name):
        """Hold on to process 0, whose name is given."""
        line = _Line(socket.create_connection((host, port), timeout=LOST_SECONDS), name)
        line.send(key=key, who=self.name)
        self._keep(line)

    def start(self):
        """Watch from now on, in a thread."""
        global _present
        _present = self
        if hasattr(os, 'register_at_fork'):
            os.register_at_fork(after_in_child=self._forget)
        atexit.register(self._leave)
        threading.Thread(target=self._run, name='watch', daemon=True).start()

    def meet(self, count):
        """Wait until process 0 knows as many others as have connected."""
        with self._news:
            self._news.wait_for(lambda: sum(line.who is not None for line in self._lines) >= count,
                                LOST_SECONDS)

    def _keep(self, line):
        self._lines.append(line)
        self._selector.register(line.connection, selectors.EVENT_READ, line)

    def _forget(self):
        """A forked worker must not hold its parent's connections open."""
        global _present
        _present = None
        for line in self._lines:
            line.connection.close()
        if self._door is not None:
            self._door.close()

    def _run(self):
        while self.verdict is None:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._hear(key.data)
                else:
                    self._keep(_Line(self._door.accept()[0]))
        time.sleep(GRACE_SECONDS)
        self.end()

    def _hear(self, line):
        messages = line.read()
        for message in messages or ():
            if line.who is None:
                if message.get('key') != self._key:
                    messages = None
                    break
                with self._news:
                    line.who = str(message.get('who'))
                    self._news.notify_all()
            elif 'gone' in message:
                line.is_done = True
                self._judge(message['gone'], line)
            else:
                line.is_done = True
        if messages is None:
            self._selector.unregister(line.connection)
            line.connection.close()
            self._lines.remove(line)
            if line.who is not None and not line.is_done:
                text = (f'{line.who} is gone without a word: killed, crashed, or out of memory. '
                        'The others end too; --resume goes on from the last checkpoint')
                # Once: if process 0 is gone, by one of each machine.
                if self.rank < 2 or os.environ.get('LOCAL_RANK') == '0':
                    print(f'error: {text}', file=sys.stderr, flush=True)
                self._judge(text, line)

    def _judge(self, verdict, source=None):
        """Keep the first verdict; process 0 passes it on."""
        with self._news:
            if self.verdict is None:
                self.verdict = verdict
            self._news.notify_all()
        for line in list(self._lines):
            if line is not source and line.who is not None and (self.rank == 0 or source is None):
                line.send(gone=verdict)

    def explains(self):
        """Whether an error comes of the end of another process; waits a little for news of it."""
        with self._news:
            return self._news.wait_for(lambda: self.verdict is not None, NEWS_SECONDS)

    def condemn(self, text):
        """End the others because of an error of this process.

        Returns:
            bool: whether this process shall tell it. One of several with the same error does.
        """
        with self._news:
            turn = min(TURN_SECONDS + self.rank * STEP_SECONDS, LAST_TURN_SECONDS)
            if self._news.wait_for(lambda: self.verdict == text, turn if self.rank else 0):
                return False
        self._judge(text)
        return True

    def end(self, status=STATUS):
        """End this process at once: what is left to be done needs the others."""
        self._leave()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        logging.shutdown()
        os._exit(status)

    def _leave(self):
        """Part in order; a process that an exception ends does not."""
        if getattr(sys, 'last_value', None) is None:
            for line in list(self._lines):
                line.send(bye=True)
