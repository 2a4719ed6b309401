"""The names of conversations on messaging channels."""

import hmac


def sender_of(secret: bytes, channel: str, person: str) -> str:
    """A person's conversation. A keyed hash: telephone numbers stand in no conversation and no log."""
    key = hmac.digest(secret, b"backsignal messaging person 1", "sha256")
    return f"{channel}-{hmac.digest(key, f'{channel}:{person}'.encode(), 'sha256').hex()[:32]}"
