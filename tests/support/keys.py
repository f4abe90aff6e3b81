"""A private key as GitHub gives an app, and a private authority, made for the test run."""

from __future__ import annotations

import datetime as dt
import ipaddress
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


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


def authority(folder: Path) -> tuple[Path, Path]:
    """Write a private authority's certificate, and a key with a certificate of it for 127.0.0.1; return both files."""
    now = dt.datetime.now(tz=dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A private authority")])
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_made().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(host, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(_made(), hashes.SHA256())
    )
    known, own = folder / "authority.pem", folder / "host.pem"
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    known.write_text(pem, encoding="utf-8")
    own.write_text(private_key() + pem, encoding="utf-8")
    return known, own
