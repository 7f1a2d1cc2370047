"""Telling others of a publication, which stands whatever becomes of that."""

from __future__ import annotations

import email
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from mmmlib.governance.store import Entry
from mmmlib.runner.publish import announce

BODY = {
    "run": "demo-2026-Q2-00000001",
    "workbook": "demo",
    "period": "2026-Q2",
    "release": "APPROVED",
    "audience": "everyone",
    "folder": "/packs/demo",
    "signed_by": ["Dana Okafor (Decision Owner, recommendation; name typed in)"],
}
ENTRY = Entry(1, "publication", "demo", "2026-07-20T09:00:00+00:00", BODY, "", "")


def test_a_webhook_is_told_by_post() -> None:
    heard: list[bytes] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert announce(ENTRY, f"http://127.0.0.1:{server.server_port}/hook") == []
        thread.join()
    told = json.loads(heard[0])
    assert told["text"] == "demo 2026-Q2: APPROVED"
    assert "signed_by" not in told  # names stay in the pack


def test_nobody_at_the_address_is_a_warning() -> None:
    (fault,) = announce(ENTRY, "http://127.0.0.1:9/hook")
    assert fault.endswith("The pack is published.")
    (fault,) = announce(ENTRY, "file:///etc/hostname")
    assert "expected an address with https://" in fault


def test_a_message_can_be_sent_by_any_mail_program(tmp_path: Path) -> None:
    assert announce(ENTRY, mail=tmp_path / "release.eml") == []
    message = email.message_from_bytes((tmp_path / "release.eml").read_bytes())
    assert message["Subject"] == "demo 2026-Q2: APPROVED"
    assert "/packs/demo/index.html" in str(message.get_payload())
