"""Instance metadata, version 2: one listener per instance, so that it is known who asks.

Beside what AWS answers, `POST /power-off?minutes=N` ends the instance as its own operating system would, and
`DELETE /power-off` takes that back: image/bin/shutdown asks for it.
"""

import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_TOKEN = "X-aws-ec2-metadata-token"
_LIFETIME = _TOKEN + "-ttl-seconds"


class Metadata:
    """The listener of one instance."""

    def __init__(self, instance: Any, power_off: Callable[[], None]) -> None:
        self.instance = instance
        self.tokens: set[str] = set()
        self._power_off = power_off
        self._timer: threading.Timer | None = None
        handler = type("Handler", (_Handler,), {"metadata": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True, name=f"metadata-{instance.id}").start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.cancel()
        self._server.shutdown()
        self._server.server_close()

    def power_off(self, minutes: float) -> None:
        self.cancel()
        self._timer = threading.Timer(minutes * 60, self._power_off)
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def look_up(self, path: str) -> str | None:
        """What lies at a path; None if nothing does."""
        instance = self.instance
        market = "spot" if instance.lifecycle == "spot" else "on-demand"
        request = getattr(instance, "spot_request", None)
        interruption = request.interruption if request is not None else None
        data = {
            "instance-id": instance.id,
            "instance-type": instance.instance_type,
            "instance-life-cycle": market,
            "ami-id": instance.image_id,
            "hostname": instance.private_dns_name,
            "local-hostname": instance.private_dns_name,
            "local-ipv4": instance.private_ip_address,
            "placement/availability-zone": instance.availability_zone,
            "placement/region": instance.region_name,
            "spot/instance-action": json.dumps(interruption) if interruption else None,
            "spot/termination-time": interruption["time"] if interruption else None,
        }
        if instance.metadata_options.instance_metadata_tags == "enabled":
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            data["tags/instance"] = data["tags/instance/"] = "\n".join(tags)
            data.update({f"tags/instance/{key}": value for key, value in tags.items()})
        return data.get(path)


class _Handler(BaseHTTPRequestHandler):
    metadata: Metadata

    def do_PUT(self) -> None:
        lifetime = self.headers.get(_LIFETIME, "")
        if self.path != "/latest/api/token":
            self._answer(HTTPStatus.NOT_FOUND)
        elif not lifetime.isdigit() or not 1 <= int(lifetime) <= 21600:
            self._answer(HTTPStatus.BAD_REQUEST)
        else:
            token = secrets.token_urlsafe(32)
            self.metadata.tokens.add(token)
            self._answer(HTTPStatus.OK, token)

    def do_GET(self) -> None:
        path = unquote(self.path)
        if self.headers.get(_TOKEN) not in self.metadata.tokens:
            self._answer(HTTPStatus.UNAUTHORIZED)
        elif path.startswith("/latest/meta-data/"):
            found = self.metadata.look_up(path.removeprefix("/latest/meta-data/"))
            self._answer(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK, found or "")
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        minutes = parse_qs(urlsplit(self.path).query).get("minutes", ["0"])[0]
        self._answer(HTTPStatus.OK)
        self.metadata.power_off(float(minutes))

    def do_DELETE(self) -> None:
        self.metadata.cancel()
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus, text: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing: the emulator's log is of calls."""
