"""One window for one library: a second start hands its folders to the first and ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QCryptographicHash, QDir, QObject, Signal

from runfolio import locate

WAIT_MS = 2_000
LIMIT = 1_000_000
"""Bytes of a hand-over; a longer one is not ours."""


def server_name() -> str:
    """A name for this user's library; two libraries (RUNFOLIO_HOME) are two windows."""
    # Qt's, since it is there: Python's own brings OpenSSL.
    path = str(locate.data_folder()).encode("utf-8", "surrogatepass")
    digest = QCryptographicHash.hash(path, QCryptographicHash.Algorithm.Sha256)
    return f"runfolio-{bytes(digest.toHex().data()).decode()[:16]}"


def is_alone() -> bool:
    """Whether it is certain that no window has this library open; asking one takes an application."""
    # There Qt keeps the sockets of local servers. Most starts find none, and need nothing of networks then.
    return sys.platform != "win32" and not (Path(QDir.tempPath()) / server_name()).exists()


def hand_over(paths: list[str]) -> bool:
    """Give `paths` to a window that runs already; False when there is none."""
    if is_alone():
        return False
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(server_name())
    if not socket.waitForConnected(WAIT_MS):
        return False
    socket.write(json.dumps({"paths": paths}).encode() + b"\n")
    taken = socket.waitForBytesWritten(WAIT_MS) and socket.waitForReadyRead(WAIT_MS)
    socket.disconnectFromServer()
    return bool(taken)


class Reception(QObject):
    """Listens for later starts. `asked` carries their paths; an empty list only wants the window in front."""

    asked = Signal(list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        from PySide6.QtNetwork import QLocalServer

        self._server = QLocalServer(self)
        # Only this user may connect: the socket takes paths, which are then read.
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def listen(self) -> bool:
        """Begin; False when it cannot be done, which costs only the hand-over."""
        if self._server.listen(server_name()):
            return True
        from PySide6.QtNetwork import QLocalServer

        # A crash leaves the socket file behind; nobody answered on it, or this start would have ended.
        QLocalServer.removeServer(server_name())
        return self._server.listen(server_name())

    def close(self) -> None:
        """Take no more."""
        self._server.close()

    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection()
        received = bytearray()

        def read() -> None:
            received.extend(socket.readAll().data())
            if len(received) > LIMIT:
                socket.abort()
            elif received.endswith(b"\n"):
                socket.write(b"ok\n")
                socket.flush()
                self.asked.emit(_paths(bytes(received)))

        socket.readyRead.connect(read)
        socket.disconnected.connect(socket.deleteLater)


def _paths(message: bytes) -> list[str]:
    try:
        tree = json.loads(message)
    except ValueError:
        return []
    paths = tree.get("paths") if isinstance(tree, dict) else None
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
