"""Signing in with an OpenID Connect provider, played by a small server with keys of its own."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backsignal.assist.access import Access, NotSignedInError, Provider

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER = "https://login.clinic.example"


@pytest.fixture(scope="module")
def keys() -> Iterator[str]:
    """Where the provider's keys are."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    body = json.dumps({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/keys"
    server.shutdown()


@pytest.fixture
def access(keys: str) -> Access:
    provider = Provider(
        issuer=ISSUER,
        audience="backsignal",
        jwks_url=keys,
        roles_claim="realm.roles",
        roles={"call-centre": "agent", "team-lead": "supervisor"},
    )
    return Access(b"x" * 32, provider)


def claims(**changes: Any) -> dict[str, Any]:
    given = {
        "iss": ISSUER,
        "aud": "backsignal",
        "sub": "42",
        "name": "Jo Bloggs",
        "exp": time.time() + 60,
        "realm": {"roles": ["call-centre", "admin"]},
    }
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


def encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str = "k1", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid})


def test_the_providers_person_with_our_roles(access: Access) -> None:
    person = access.read(signed())
    assert (person.id, person.name, person.roles) == (f"{ISSUER}#42", "Jo Bloggs", frozenset({"agent"}))
    lead = access.read(signed(realm={"roles": "team-lead call-centre"}))
    assert lead.supervises
    assert access.read(signed(realm=None)).roles == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER},
        {"kid": "k2"},
        {"exp": 1},
        {"exp": None},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-program"},
        {"sub": None},
    ],
    ids=str,
)
def test_a_providers_token_that_does_not_hold(access: Access, changes: dict[str, Any]) -> None:
    with pytest.raises(NotSignedInError):
        access.read(signed(**changes))


def test_the_public_key_is_no_secret_of_ours(access: Access) -> None:
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ours = claims(iss="backsignal-assist", aud="backsignal-assist", roles=["supervisor"])
    body = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(ours)}"
    signature = urlsafe_b64encode(hmac.digest(public, body.encode(), "sha256")).rstrip(b"=").decode()
    forged = f"{body}.{signature}"
    with pytest.raises(NotSignedInError):
        access.read(forged)


def test_without_a_provider_its_tokens_are_worth_nothing() -> None:
    with pytest.raises(NotSignedInError):
        Access(b"x" * 32).read(signed())
