"""Somebody who gives out tokens: JSON Web Tokens signed with RSA, over HTTP on loopback, as OAuth providers do."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kafka.broker import Broker, NoBrokerError

_KEY_ID = "the-key"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A key pair, made with openssl."""

    def __init__(self, directory: Path) -> None:
        self._openssl = shutil.which("openssl")
        if self._openssl is None:
            raise NoBrokerError("openssl is not installed")
        self._private = directory / "token-key.pem"
        self._run("genrsa", "-out", str(self._private), "2048")
        modulus = self._run("rsa", "-in", str(self._private), "-noout", "-modulus").decode().partition("=")[2]
        key = {"kty": "RSA", "kid": _KEY_ID, "alg": "RS256", "use": "sig", "e": _text(b"\1\0\1")}
        self.public = directory / "keys.json"
        self.public.write_text(json.dumps({"keys": [{**key, "n": _text(bytes.fromhex(modulus))}]}))

    def certificate(self) -> Path:
        """One for 127.0.0.1, self-signed, with its key in the same file."""
        file, key = (self._private.with_name(name) for name in ("endpoint.pem", "endpoint-key.pem"))
        names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        made = ("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "30", *names)
        self._run(*made, "-keyout", str(key), "-out", str(file))
        file.write_text(key.read_text() + file.read_text())
        return file

    def token(self, **claims: Any) -> str:
        """With these claims."""
        head = {"alg": "RS256", "kid": _KEY_ID, "typ": "JWT"}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (head, claims))
        signature = self._run("dgst", "-sha256", "-sign", str(self._private), stdin=signed.encode())
        return f"{signed}.{_text(signature)}"

    def _run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = [str(self._openssl), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


@dataclass
class TokenServer:
    """Gives tokens to who shows id and secret, with TLS if it has a certificate. What is asked is kept; what it answers can be changed."""

    signer: Signer
    secret: str = "the secret"
    life_s: int = 3600
    audience: str = Broker.AUDIENCE
    certificate: Path | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    given: int = 0

    def __post_init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = server._answer(self.headers["Authorization"] or "", body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - BaseHTTPRequestHandler's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        scheme = "http" if self.certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/token"

    def _answer(self, authorization: str, body: str) -> tuple[int, dict[str, Any]]:
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        self.requests.append({**dict(urllib.parse.parse_qsl(body)), "id": name})
        if secret != self.secret:
            return 401, {"error": "invalid_client", "error_description": "the secret is wrong"}
        now_s = int(time.time())
        self.given += 1
        claims = {
            "sub": name,
            "scope": "kafka",
            "aud": self.audience,
            "iat": now_s,
            "exp": now_s + self.life_s,
        }
        token = self.signer.token(**claims)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.life_s}

    def close(self) -> None:
        """Nobody answers any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
