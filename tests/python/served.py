"""moto's server, and before it what the harness asks past AWS's API (`/harness/…`)."""

import io
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

_PREFIX = "/harness/"
_Start = Callable[..., Any]
Questions = dict[str, Callable[[Any], Any]]


class _Application:
    def __init__(self, lock: threading.RLock, questions: Questions) -> None:
        # moto guards nothing.
        self._lock = lock
        self._questions: Questions = {"health": lambda _: {}, **questions}
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        # Before anybody has to wait for it: whoever sends it may be slow, or be killed meanwhile.
        body = _body(environ)
        path = environ["PATH_INFO"]
        with self._lock:
            if not path.startswith(_PREFIX):
                return list(self._moto(environ, start_response))
            answer = json.dumps(self._questions[path.removeprefix(_PREFIX)](json.loads(body) if body else None)).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]


def run(port: int, lock: threading.RLock, questions: Questions) -> None:
    """Serves until it is asked to end."""
    # A line for each request would hide everything else.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_simple("127.0.0.1", port, _Application(lock, questions), threaded=True, request_handler=MotoRequestHandler)


def _body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body
