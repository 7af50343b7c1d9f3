"""Signatures of a thinking: whether what a client sends back is what a model here has thought. Knows text and a secret only."""

from __future__ import annotations

import base64
import hashlib
import hmac

SIGNATURE_PREFIX = "nv1."


def sign(secret: bytes, model: str, text: str) -> str:
    """HMAC-SHA-256 over the model's id and the whole reasoning text, base64url without padding, after `nv1.`."""
    # The lengths keep (ab, c) from being signed as (a, bc). A lone surrogate is no text, but must not raise here.
    parts = (part.encode("utf-8", "surrogatepass") for part in (model, text))
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return SIGNATURE_PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def verify(secret: bytes, model: str, text: str, signature: str) -> bool:
    """Whether `signature` is this text's, by this model; takes the same time whatever is wrong. Never raises."""
    expected = sign(secret, model, text).encode()
    return hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass"))
