"""The office beyond this machine is spoken to only under a certificate that is trusted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from crm_desktop.domain.errors import ConnectorTrouble
from tests.unit.open311.raw_office import raw_office


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "office")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "office.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def endpoint(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with raw_office(context) as office:
        office.answers(b'[{"service_code": "LAMP"}]')
        yield office.endpoint.replace("http://", "https://")


def test_a_certificate_of_the_councils_own_is_trusted_when_named(
    endpoint: str, certificate: Path
) -> None:
    with Open311(Open311Settings(endpoint, ca_file=str(certificate)), "k") as client:
        assert [service.code for service in client.services()] == ["LAMP"]


def test_a_certificate_of_a_stranger_is_not(endpoint: str) -> None:
    with (
        Open311(Open311Settings(endpoint), "k") as client,
        pytest.raises(ConnectorTrouble, match="certificate cannot be trusted") as trouble,
    ):
        client.services()

    assert trouble.value.params["fate"] == "not_sent"
