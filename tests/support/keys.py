"""A private key as GitHub gives an app, made for the test run."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def _made() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key() -> str:
    """Return the key as PEM text."""
    return (
        _made()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        .decode()
    )


def public_key() -> str:
    """Return what checks its signatures, as PEM text."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _made().public_key().public_bytes(serialization.Encoding.PEM, form).decode()
