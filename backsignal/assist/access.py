"""Who may do what: agents, supervisors and speech-to-text services, apart from patients.

Tokens are JSON Web Tokens. Our own are signed with a key derived for this purpose alone, so that no other
token of the product is worth anything here; those of an OpenID Connect provider are checked by its keys.
"""

import hmac
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

AGENT: Final = "agent"
SUPERVISOR: Final = "supervisor"
TRANSCRIBER: Final = "transcriber"
ROLES: Final = frozenset({AGENT, SUPERVISOR, TRANSCRIBER})
_PURPOSE: Final = b"backsignal agent assist 1"
_AUDIENCE: Final = "backsignal-assist"
_PROVIDER_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY_SECONDS: Final = 30
_REQUIRED: Final = ["exp", "sub", "aud", "iss"]
# Over TLS, or on this machine; no sign that would end an address inside a content security policy.
_SAFE_ADDRESS: Final = re.compile(r"(https://|http://(localhost|127\.0\.0\.1)[:/])[^\s;,'\"]+")


class NotSignedInError(Exception):
    """The token is missing, forged, expired or meant for something else."""


@dataclass(frozen=True)
class Person:
    """Who acts: an id that never changes, a name to show, and roles."""

    id: str
    name: str
    roles: frozenset[str]

    @property
    def supervises(self) -> bool:
        """Whether the calls of others are theirs to see."""
        return SUPERVISOR in self.roles

    @property
    def answers(self) -> bool:
        """Whether they take calls."""
        return bool(self.roles & {AGENT, SUPERVISOR})

    @property
    def opens_for_others(self) -> bool:
        """Whether they may open a call in an agent's name, as a telephone system does."""
        return bool(self.roles & {SUPERVISOR, TRANSCRIBER})

    def may_see(self, owner: str) -> bool:
        """Whether an owner's call is theirs to see and to work on."""
        return self.supervises or (AGENT in self.roles and self.id == owner)

    def may_transcribe(self, owner: str) -> bool:
        """Whether they may add turns to an owner's call."""
        return self.may_see(owner) or TRANSCRIBER in self.roles


def _check_address(address: str) -> None:
    if not _SAFE_ADDRESS.fullmatch(address):
        raise ValueError(f"not an https address: {address}")


@dataclass(frozen=True)
class SignIn:
    """How the console signs agents in with the provider: authorization code flow with PKCE, no secret."""

    client_id: str
    authorize_url: str
    token_url: str
    scope: str = "openid profile"

    def __post_init__(self) -> None:
        _check_address(self.authorize_url)
        _check_address(self.token_url)


@dataclass(frozen=True)
class Provider:
    """An OpenID Connect provider: whose tokens are taken, and where the roles stand in them.

    `roles` maps the provider's names for roles to ours; `jwks_url` is where its keys are. With `sign_in` the
    console offers to sign in there.
    """

    issuer: str
    audience: str
    jwks_url: str
    roles_claim: str = "roles"
    name_claim: str = "name"
    roles: dict[str, str] = field(default_factory=dict)
    sign_in: SignIn | None = None

    def __post_init__(self) -> None:
        _check_address(self.jwks_url)

    def person(self, claims: dict[str, Any]) -> Person:
        """The person of the provider's claims; roles that we do not know count for nothing."""
        given: Any = claims
        for step in self.roles_claim.split("."):
            given = given.get(step, []) if isinstance(given, dict) else []
        names = given.split() if isinstance(given, str) else [str(name) for name in given]
        roles = {self.roles.get(name, name) for name in names} & ROLES
        name = claims.get(self.name_claim) or claims["sub"]
        # The issuer is part of the id: the same subject of another provider is another person.
        return Person(f"{self.issuer}#{claims['sub']}", str(name), frozenset(roles))


class Access:
    """Reads tokens, and makes our own."""

    def __init__(self, secret: bytes, provider: Provider | None = None) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._provider = provider
        self._keys = jwt.PyJWKClient(provider.jwks_url, cache_keys=True, timeout=5) if provider else None

    def token(self, person: Person, hours: float) -> str:
        """A token of our own for somebody, for some hours."""
        now = int(time.time())
        claims = {
            "iss": _AUDIENCE,
            "aud": _AUDIENCE,
            "sub": person.id,
            "name": person.name,
            "roles": sorted(person.roles),
            "iat": now,
            "exp": now + int(hours * 3600),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def read(self, token: str | None) -> Person:
        """The person of a token; may ask the provider for keys. Raises NotSignedInError."""
        try:
            algorithm = jwt.get_unverified_header(token or "").get("alg")
            if algorithm == "HS256":
                return self._own(token or "")
            return self._provided(token or "")
        except (jwt.PyJWTError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotSignedInError(type(error).__name__) from error

    def _own(self, token: str) -> Person:
        claims = jwt.decode(
            token,
            self._key,
            algorithms=["HS256"],
            audience=_AUDIENCE,
            issuer=_AUDIENCE,
            options={"require": _REQUIRED},
        )
        return Person(claims["sub"], claims.get("name") or claims["sub"], frozenset(claims["roles"]) & ROLES)

    def _provided(self, token: str) -> Person:
        provider, keys = self._provider, self._keys
        if provider is None or keys is None:
            raise NotSignedInError("no provider")
        claims = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=_PROVIDER_ALGORITHMS,
            audience=provider.audience,
            issuer=provider.issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        return provider.person(claims)

    @property
    def asks_a_provider(self) -> bool:
        """Whether reading a token may have to fetch keys over the network."""
        return self._provider is not None
