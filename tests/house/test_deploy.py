"""The production road is held: every image pinned, every container confined, no password but those that env.sh makes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from telephony_bridge.settings import NAMES, PREFIX

ROOT = Path(__file__).parents[2]
ENV = ROOT / "deploy" / "env.sh"
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
ONCE = {name for name, one in SERVICES.items() if one["restart"] == "no"}
MADE_BY_ENV = {"deploy/tls", "deploy/acme", "deploy/secrets"}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
PINNED = re.compile(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?")


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """A copy of env.sh, so that the folders it makes are not the checkout's."""
    (tmp_path / "deploy").mkdir()
    copy = tmp_path / "deploy" / "env.sh"
    copy.write_bytes(ENV.read_bytes())
    return copy


def run(script: Path, *told: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", script, *told], cwd=script.parents[1], capture_output=True, text=True, check=False, input="")


def values(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#"))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_is_confined(name: str) -> None:
    one = SERVICES[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "cap_add" not in one
    assert not one.get("privileged", False)
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert int(one["user"].split(":")[0]) > 0
    assert {"mem_limit", "cpus", "pids_limit"} <= set(one)
    assert set(one["logging"]["options"]) == {"max-size", "max-file"}
    assert not any("docker.sock" in mount for mount in one.get("volumes", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_starts_again_and_is_asked_how_it_is_or_does_one_thing_and_ends(name: str) -> None:
    one = SERVICES[name]
    if name in ONCE:
        assert one["healthcheck"] == {"disable": True}
        return
    assert one["restart"] == "unless-stopped"
    assert one["healthcheck"]["test"][0] == "CMD"
    waited = SERVICES[name].get("depends_on", {})
    assert all(how["condition"] == "service_completed_successfully" for other, how in waited.items() if other in ONCE)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_or_built_here(name: str) -> None:
    one = SERVICES[name]
    assert "build" in one or PINNED.fullmatch(one["image"]), one["image"]


def test_the_street_sees_the_proxy_alone() -> None:
    for name, one in SERVICES.items():
        published = one.get("ports", [])
        assert name == "proxy" or all(port.startswith("127.0.0.1:") for port in published), f"{name} publishes {published}"


def test_no_password_stands_in_the_file() -> None:
    for name, one in SERVICES.items():
        for key, value in one.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN|SECRET_KEY|DATABASE_URL", key):
                assert re.search(r"\$\{\w+:\?", value), f"{name}: {key} has a default or is written out"
    assert ":-" not in COMPOSE


def test_every_variable_is_made_by_env_and_every_one_made_is_used(env: Path) -> None:
    assert run(env, "https://bridge.example.com/").returncode == 0
    told = values(env.parents[1] / ".env")
    assert set(told) == set(re.findall(r"\$\{(\w+)", COMPOSE))
    assert told["TELEPHONY_BRIDGE_PUBLIC_URL"] == "https://bridge.example.com"
    assert {name for name in told if name.startswith(PREFIX)} <= set(NAMES), "the program refuses a .env with an unknown setting"


def test_env_makes_secrets_that_are_long_different_and_told_nobody(env: Path) -> None:
    said = run(env, "https://bridge.example.com")
    file = env.parents[1] / ".env"
    secrets = [value for name, value in values(file).items() if re.search("PASSWORD|TOKEN|KEY", name)]
    assert len(secrets) == len(set(secrets)) == 5
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in secrets)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(secret in said.stdout + said.stderr for secret in secrets)
    assert {f"deploy/{path.name}" for path in env.parent.iterdir() if path.is_dir()} == MADE_BY_ENV


def test_env_never_writes_over_a_file(env: Path) -> None:
    file = env.parents[1] / ".env"
    file.write_text("TELEPHONY_BRIDGE_SECRET_KEY=the-only-copy-there-is\n")
    assert run(env, "https://bridge.example.com").returncode == 1
    assert file.read_text() == "TELEPHONY_BRIDGE_SECRET_KEY=the-only-copy-there-is\n"


@pytest.mark.parametrize(
    "address", ["", "http://bridge.example.com", "bridge.example.com", "https://", "https://a b", "https://a/$(id)"]
)
def test_env_takes_only_an_https_address(env: Path, address: str) -> None:
    assert run(env, address).returncode == 2
    assert not (env.parents[1] / ".env").exists()


def mounts() -> list[str]:
    every = [mount.split(":")[0] for one in SERVICES.values() for mount in one.get("volumes", [])]
    return sorted({mount.removeprefix("./") for mount in every if mount.startswith("./")} - MADE_BY_ENV)


@pytest.mark.parametrize("path", mounts())
def test_every_mounted_file_is_here(path: str) -> None:
    assert (ROOT / path).exists()


def test_what_prometheus_scrapes_listens() -> None:
    told = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))
    targets = {target for job in told["scrape_configs"] for static in job["static_configs"] for target in static["targets"]}
    worker = SERVICES["worker"]["environment"]["TELEPHONY_BRIDGE_METRICS_PORT"]
    assert {"door:8080", f"worker:{worker}"} <= targets
    assert f":{worker}/" in SERVICES["worker"]["healthcheck"]["test"][-1]


def test_settings_in_the_files_are_settings() -> None:
    for text in (COMPOSE, DOCKERFILE):
        assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", text)) <= set(NAMES)


def test_the_image_is_built_from_pinned_parts_and_runs_as_nobody() -> None:
    base = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert base is not None
    assert PINNED.fullmatch(base[1])
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    for line in re.findall(r"pip .*install.*|pip wheel.*", DOCKERFILE):
        assert "--require-hashes" in line or "--no-deps" in line, line
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert "pip" not in last
    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    assert {one["user"] for one in SERVICES.values() if "build" in one} == {"10001:10001"}


def test_a_build_sees_what_it_copies_and_no_secret() -> None:
    shown = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()]
    assert set(copied) <= set(shown)
    assert set(shown) - set(copied) == {"deploy", "docs"}  # folders whose one folder is copied
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_posix_and_stop_at_the_first_failure(script: Path) -> None:
    text = script.read_text("utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)
