"""What can go wrong on the way to a mail server, as ConnectorTrouble without secrets."""

from __future__ import annotations

import ssl

from crm_desktop.domain.errors import ConnectorTrouble


def network_trouble(error: OSError, host: str) -> ConnectorTrouble:
    """Words for a connection that failed; only a certificate is beyond trying again."""
    match error:
        case ssl.SSLCertVerificationError():
            words = f"The certificate of {host} is not trusted: {error.verify_message}."
            return ConnectorTrouble(words, retry=False)
        case ssl.SSLError():
            words = f"No protected connection to {host} could be made."
        case TimeoutError():
            words = f"{host} did not answer in time."
        case ConnectionRefusedError():
            words = f"Nothing listens at {host} on this port."
        case _:
            words = f"{host} cannot be reached: {error.strerror or type(error).__name__}."
    return ConnectorTrouble(words, retry=True)
