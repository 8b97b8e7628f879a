"""Addresses of channels at rest: closed with the company's key, or references to the environment; masked when shown.

An address is an Apprise URL and holds tokens and passwords. As kept it is one of

- ``v1:SCHEME:CIPHERTEXT``: Fernet, its key derived from ``TELEPHONY_BRIDGE_SECRET_KEY`` or the key file;
- ``env:NAME``: the address is in the environment variable NAME of whoever sends;
- the plain URL: a row of an earlier version.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from telephony_bridge.errors import Refused
from telephony_bridge.settings import PREFIX, Settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_CLOSED = re.compile(r"v1:([a-z0-9.+-]+):([\w=-]+)", re.ASCII)
_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9.+-]*)://.+", re.DOTALL)
_HIDDEN = "…"


class Vault:
    """Closes and opens addresses with one key: a text of any length, or the file that holds it and is made when first needed."""

    def __init__(self, key: str | Path) -> None:
        self._key = key

    def close(self, url: str) -> str:
        """The address as it is kept. Raises ``Refused``, without the address, for what is none."""
        url = url.strip()
        reference = _REFERENCE.fullmatch(url)
        if reference is not None and not reference[1].startswith(PREFIX):
            return url
        if reference is not None:
            raise Refused(f"notify: {url} is a setting of this service and no channel; name another variable")
        if url.endswith(_HIDDEN):
            raise Refused(
                "notify: an address is shown masked; repeat the address itself, or leave notify out to keep what there is"
            )
        found = _URL.fullmatch(url)
        if found is None:
            raise Refused("notify: expected Apprise URLs such as mailto://… or tgram://…, or env:NAME for one in the environment")
        return f"v1:{found[1].lower()}:{self._fernet.encrypt(url.encode()).decode()}"

    def open(self, kept: str) -> str:
        """The address itself, to be sent to and never shown. Raises ``Refused`` where it cannot be had here."""
        reference, closed = _REFERENCE.fullmatch(kept), _CLOSED.fullmatch(kept)
        if reference is not None:
            url = os.environ.get(reference[1], "").strip()
            if not url:
                raise Refused(f"the environment variable {reference[1]} is not set here; set it on every host that sends notices")
            return url
        if closed is None:
            return kept
        from cryptography.fernet import InvalidToken  # seven megabytes that only who has channels should pay

        try:
            return self._fernet.decrypt(closed[2]).decode()
        except InvalidToken:
            raise Refused(
                f"an address ({masked(kept)}) was closed with another key; "
                f"set the same {PREFIX}SECRET_KEY on every host, or enter the address anew"
            ) from None

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        text = _read_or_make(self._key) if isinstance(self._key, Path) else self._key
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"telephony bridge: addresses of channels").derive(
            text.encode()
        )
        return Fernet(base64.urlsafe_b64encode(key))


def masked(kept: str) -> str:
    """What may be shown of a kept address: its scheme (``tgram://…``), or the name of the variable it is in."""
    if _REFERENCE.fullmatch(kept) is not None:
        return kept
    closed, plain = _CLOSED.fullmatch(kept), _URL.fullmatch(kept)
    known = closed or plain
    return f"{known[1].lower()}://{_HIDDEN}" if known is not None else _HIDDEN


def vault_of(settings: Settings) -> Vault:
    """The vault of this process: its key is the setting, or the file ``secret.key`` in ``DATA_DIR``."""
    return Vault(settings.secret_key or settings.data_dir / "secret.key")


def _read_or_make(file: Path) -> str:
    """The key in a file; of two processes that make it at once both read the one that came first. Raises ``Refused``."""
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(32))
                out.flush()
                os.fsync(out.fileno())
            try:
                with suppress(FileExistsError):
                    file.hardlink_to(draft)  # all or nothing, unlike a file that is opened first and written then
            finally:
                draft.unlink()
        text = file.read_text().strip()
    except OSError as failed:
        raise Refused(f"{file} cannot be read or made ({failed.strerror}); set {PREFIX}SECRET_KEY") from failed
    if len(text) < 16:
        raise Refused(f"{file} holds no key; put the company's back, or set {PREFIX}SECRET_KEY")
    return text
