"""The tokens of an OpenID Connect provider, played by a small server with keys of its own."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backsignal.assist.access import Access, NotSignedInError
from backsignal.channels.assist_api import AssistOptions
from tests.assist.provider import OpenIdProvider

OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def access(provider: OpenIdProvider) -> Access:
    return Access(b"x" * 32, AssistOptions(provider=provider.settings()).provider)


def encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_the_providers_person_with_our_roles(access: Access, provider: OpenIdProvider) -> None:
    person = access.read(provider.signed(provider.claims()))
    assert (person.id, person.name, person.roles) == (
        f"{provider.url}#42",
        "Zoë Bloggs",
        frozenset({"agent"}),
    )
    lead = access.read(provider.signed(provider.claims(realm={"roles": "team-lead call-centre"})))
    assert lead.supervises
    assert access.read(provider.signed(provider.claims(realm=None))).roles == frozenset()


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
def test_a_providers_token_that_does_not_hold(
    access: Access, provider: OpenIdProvider, changes: dict[str, Any]
) -> None:
    how = {name: changes.pop(name) for name in ("key", "kid") if name in changes}
    with pytest.raises(NotSignedInError):
        access.read(provider.signed(provider.claims(**changes), **how))


def test_the_public_key_is_no_secret_of_ours(access: Access, provider: OpenIdProvider) -> None:
    public = provider.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ours = provider.claims(iss="backsignal-assist", aud="backsignal-assist", roles=["supervisor"])
    body = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(ours)}"
    signature = urlsafe_b64encode(hmac.digest(public, body.encode(), "sha256")).rstrip(b"=").decode()
    forged = f"{body}.{signature}"
    with pytest.raises(NotSignedInError):
        access.read(forged)


def test_without_a_provider_its_tokens_are_worth_nothing(provider: OpenIdProvider) -> None:
    with pytest.raises(NotSignedInError):
        Access(b"x" * 32).read(provider.signed(provider.claims()))
