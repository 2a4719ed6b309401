"""A small OpenID Connect provider on this machine: it signs real tokens, and holds clients to PKCE."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "backsignal"
CLIENT = "backsignal-console"
_HOUR = 3600


class OpenIdProvider:
    """A provider with one person, who signs in or refuses; what it says can be changed by a test."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.forget()
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # Another site than the console's, so that the browser treats it as one.
        self.url = f"http://localhost:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        """Say and know again what it did at the beginning."""
        self.roles = ["call-centre"]
        self.changed_identity: dict[str, Any] = {}
        self.changed_answer: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []

    def settings(self) -> dict[str, Any]:
        """As credentials.yml names it under `provider`."""
        return {
            "issuer": self.url,
            "audience": AUDIENCE,
            "jwks_url": f"{self.url}/keys",
            "roles_claim": "realm.roles",
            "roles": {"call-centre": "agent", "team-lead": "supervisor"},
            "sign_in": {
                "client_id": CLIENT,
                "authorize_url": f"{self.url}/authorize?theme=calm",
                "token_url": f"{self.url}/token?policy=agents",
            },
        }

    def claims(self, **changes: Any) -> dict[str, Any]:
        """An access token's claims; None takes one away."""
        given = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "42",
            "name": "Zoë Bloggs",
            "exp": time.time() + _HOUR,
            "realm": {"roles": [*self.roles, "admin"]},
        }
        return {key: value for key, value in {**given, **changes}.items() if value is not None}

    def signed(self, claims: dict[str, Any], key: Any = None, kid: str = "k1") -> str:
        """A token."""
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": kid})

    def stop(self) -> None:
        self._server.shutdown()

    def _authorize(self, asked: dict[str, str]) -> str:
        """The page with which the person signs in or refuses."""
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        answer = {"state": asked["state"], **self.changed_answer}
        back = {
            name: f"{asked['redirect_uri']}?{urlencode({**given, **answer})}"
            for name, given in (("Continue", {"code": code}), ("Refuse", {"error": "access_denied"}))
        }
        links = "".join(
            f'<a href="{address.replace("&", "&amp;")}">{name}</a> ' for name, address in back.items()
        )
        return f"<!doctype html><title>Clinic login</title><h1>Clinic login</h1>{links}"

    def _exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        """The tokens for a code, once, to the client that asked for it and knows its verifier."""
        self.forms.append(form)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            return None
        digest = sha256(form["code_verifier"].encode()).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        holds = (
            form["grant_type"] == "authorization_code"
            and (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
            and asked["code_challenge"] == challenge
            and form["client_id"] == asked["client_id"] == CLIENT
            and form["redirect_uri"] == asked["redirect_uri"]
            and "openid" in asked["scope"].split()
        )
        if not holds:
            return None
        identity = {"aud": CLIENT, "nonce": asked["nonce"], "realm": None, **self.changed_identity}
        return {
            "access_token": self.signed(self.claims()),
            "id_token": self.signed(self.claims(**identity)),
            "token_type": "Bearer",
            "refresh_token": "to be left where it is",
        }

    def _keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def _handler(provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                if address.path == "/authorize":
                    page = provider._authorize(_flat(address.query))
                    self._answer(200, "text/html; charset=utf-8", page)
                else:
                    self._answer(200, "application/json", json.dumps(provider._keys()))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                tokens = provider._exchange(_flat(body))
                answer = tokens or {"error": "invalid_grant"}
                self._answer(200 if tokens else 400, "application/json", json.dumps(answer))

            def _answer(self, status: int, kind: str, body: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
