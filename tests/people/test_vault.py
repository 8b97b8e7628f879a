"""Addresses of channels at rest: closed, opened with the same key only, masked, out of the environment; the key file."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from telephony_bridge import people
from telephony_bridge.errors import Refused
from telephony_bridge.settings import Settings, read_settings

KEY = "a key of the tests, long enough"
URL = "tgram://123456:secret-token/chat?x=ж"


def test_an_address_is_closed_and_opens_with_the_same_key_only() -> None:
    kept = people.Vault(KEY).close(URL)
    assert kept.startswith("v1:tgram:")
    assert not any(part in kept for part in ("123456", "secret", "chat"))
    assert kept != people.Vault(KEY).close(URL)  # equal addresses cannot be told by their ciphertexts
    assert people.Vault(KEY).open(kept) == URL
    with pytest.raises(Refused, match="set the same TELEPHONY_BRIDGE_SECRET_KEY on every host") as refused:
        people.Vault(KEY + "!").open(kept)
    assert kept not in str(refused.value)
    with pytest.raises(Refused, match="another key"):
        people.Vault(KEY).open(kept[:-8] + "AAAAAAA=")


def test_a_plain_address_of_an_earlier_version_still_opens() -> None:
    assert people.Vault(KEY).open(URL) == URL
    assert people.masked(URL) == "tgram://…"


def test_a_reference_is_kept_as_it_is_and_read_when_it_is_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    vault = people.Vault(KEY)
    assert vault.close(" env:IVANS_TELEGRAM ") == "env:IVANS_TELEGRAM"
    assert people.masked("env:IVANS_TELEGRAM") == "env:IVANS_TELEGRAM"
    for unset in (None, " "):
        monkeypatch.delenv("IVANS_TELEGRAM", raising=False) if unset is None else monkeypatch.setenv("IVANS_TELEGRAM", unset)
        with pytest.raises(Refused, match="IVANS_TELEGRAM is not set here"):
            vault.open("env:IVANS_TELEGRAM")
    monkeypatch.setenv("IVANS_TELEGRAM", URL)
    assert vault.open("env:IVANS_TELEGRAM") == URL


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("tgram://…", "repeat the address itself, or leave notify out"),
        ("secret-token", "expected Apprise URLs"),
        ("tgram://", "expected Apprise URLs"),
        ("v1:tgram:c2VjcmV0LXRva2Vu", "expected Apprise URLs"),
        ("env:no name", "expected Apprise URLs"),
        ("env:TELEPHONY_BRIDGE_ADMIN_TOKEN", "a setting of this service"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(typed: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        people.Vault(KEY).close(typed)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("kept", "shown"),
    [(people.Vault(KEY).close("MailTo://ivan:secret@mail.example.com"), "mailto://…"), ("nonsense with a secret", "…")],
)
def test_only_the_scheme_is_shown(kept: str, shown: str) -> None:
    assert people.masked(kept) == shown


def test_the_key_file_is_made_when_first_needed_and_read_from_then_on(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    vault = people.vault_of(Settings(data_dir=data_dir))
    assert people.masked(vault.close("env:NAME")) == "env:NAME"
    assert not data_dir.exists()
    kept = vault.close(URL)
    (file,) = data_dir.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret.key", 0o600)
    assert people.vault_of(Settings(data_dir=data_dir)).open(kept) == URL
    moved = people.vault_of(Settings(data_dir=tmp_path / "other", secret_key=file.read_text()))
    assert moved.open(kept) == URL  # a second host is given what the first had in its file
    assert not (tmp_path / "other").exists()


def test_of_many_that_make_the_key_file_at_once_all_have_the_same_key(tmp_path: Path) -> None:
    vaults = [people.vault_of(Settings(data_dir=tmp_path / "var")) for _ in range(8)]
    start = threading.Barrier(len(vaults))
    kept: list[str] = []

    def close(vault: people.Vault) -> None:
        start.wait()
        kept.append(vault.close(URL))

    threads = [threading.Thread(target=close, args=(vault,)) for vault in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [people.Vault(tmp_path / "var" / "secret.key").open(one) for one in kept] == [URL] * 8
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_a_key_file_that_cannot_be_had_or_holds_nothing_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for key in (tmp_path / "file" / "secret.key", tmp_path / "file"):
        with pytest.raises(Refused, match="set TELEPHONY_BRIDGE_SECRET_KEY"):
            people.Vault(key).close(URL)


def test_secret_settings_are_neither_in_a_repr_nor_in_an_error() -> None:
    told = Settings(secret_key=KEY, admin_token="an-admin-token-x", database_url="postgresql://u:password@h/d")
    for secret in (KEY, "an-admin-token-x", "password"):
        assert secret not in repr(told)
    with pytest.raises(Refused, match=r"SECRET_KEY: read a value, expected .*16 characters") as refused:
        read_settings({"TELEPHONY_BRIDGE_SECRET_KEY": "too short"}, Path("nothing"))
    assert "too short" not in str(refused.value)
