"""Sessions of the web channel: minted by the server, signed, expiring, and bound to this channel."""

import hmac
import json
import os
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECRET_VARIABLE = "BACKSIGNAL_SECRET"
SECRET_FILE = Path(__file__).resolve().parents[2] / "var" / "secret"
LEAST_SECRET = 32
# The purpose goes into the key, so that a token of another part of the product is worth nothing here.
_PURPOSE = b"backsignal web session 1"


class NoSessionError(Exception):
    """The token is missing, forged, of another channel or expired."""


@dataclass(frozen=True)
class Session:
    """One person's session: whose it is, which of their conversations is open, and until when (epoch)."""

    person: str
    conversation: int
    expires: int

    @property
    def sender(self) -> str:
        """The conversation's id in the tracker store."""
        return self.senders()[-1]

    def senders(self) -> list[str]:
        """The ids of all the person's conversations, the open one last."""
        return [f"web-{self.person}-{number}" for number in range(self.conversation + 1)]


class Sessions:
    """Mints, renews and reads session tokens."""

    def __init__(self, secret: bytes, lifetime_seconds: float) -> None:
        self._key = hmac.digest(secret, _PURPOSE, "sha256")
        self._lifetime = lifetime_seconds

    def new(self) -> Session:
        """A session for a person who was not here before."""
        return Session(secrets.token_hex(16), 0, self._end())

    def renewed(self, session: Session, restart: bool = False, until: int = 0) -> Session:
        """The session with a new end, not before `until`; with `restart`, its next conversation."""
        end = max(self._end(), until)
        return Session(session.person, session.conversation + restart, end)

    def token(self, session: Session) -> str:
        """The session as its holder presents it."""
        claims = [session.person, session.conversation, session.expires]
        body = _encode(json.dumps(claims, separators=(",", ":")).encode())
        return f"{body}.{_encode(self._sign(body))}"

    def read(self, token: str | None) -> Session:
        """The session of a token. Raises NoSessionError where the token does not hold."""
        body, _, signature = (token or "").partition(".")
        # Compared as text: base64 has several spellings for the same bytes.
        if not hmac.compare_digest(_encode(self._sign(body)).encode(), signature.encode(errors="replace")):
            raise NoSessionError
        session = Session(*json.loads(urlsafe_b64decode(body + "==")))
        if session.expires <= time.time():
            raise NoSessionError
        return session

    def _sign(self, body: str) -> bytes:
        return hmac.digest(self._key, body.encode(errors="replace"), "sha256")

    def _end(self) -> int:
        return int(time.time() + self._lifetime)


def load_secret(file: Path = SECRET_FILE) -> bytes:
    """The signing secret: from BACKSIGNAL_SECRET, else from a file that is made at the first start.

    Raises ValueError where it is too short to keep anybody out.
    """
    given = os.environ.get(SECRET_VARIABLE)
    secret = _secret_of_file(file) if given is None else given.encode()
    if len(secret) < LEAST_SECRET:
        place = file if given is None else SECRET_VARIABLE
        raise ValueError(f"The secret in {place} is too short: it takes at least {LEAST_SECRET} characters.")
    return secret


def _secret_of_file(file: Path) -> bytes:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writing:
            writing.write(secrets.token_hex(32))
        # Linking fails where another server was faster: then its secret stands, whole.
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_bytes().strip()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
