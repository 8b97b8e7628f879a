"""The OpenAPI document, made of the endpoints themselves, so that it cannot tell anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter

from telephony_bridge import __version__
from telephony_bridge.api.endpoint import EVERYONE, Endpoint

_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "401": "Nobody that is known asks.",
    "403": "The asker's role may not do this.",
    "404": "There is no such thing, or the asker may not know of it.",
    "409": "It contradicts what is recorded already.",
    "422": "Something in the request is not as documented; the text names it.",
    "503": "Postgres is away; ask again.",
}


def document(endpoints: Iterable[Endpoint], address: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    schemas: dict[str, Any] = {
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status"],
            "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}},
        }
    }
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault("/api/v1" + one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Telephony Bridge", "version": __version__},
        "servers": [{"url": address}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}, "person": {"type": "http", "scheme": "basic"}},
        },
        "security": [{"token": []}, {"person": []}],
    }


def _operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"summary": one.summary, "operationId": _name(one), "parameters": _parameters(one)}
    if one.roles != EVERYONE:
        found["description"] = "Roles: " + ", ".join(sorted(one.roles))
    if one.body.model_fields:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(one.body, schemas)}}}
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    found["responses"] = {
        str(one.status): {"description": "Done.", "content": {"application/json": {"schema": _schema(one.answer, schemas)}}},
        **({"400": {"description": "The body is no JSON.", "content": problem}} if one.body.model_fields else {}),
        **{status: {"description": why, "content": problem} for status, why in _PROBLEMS.items()},
    }
    return found


def _name(one: Endpoint) -> str:
    return re.sub(r"[^a-z]+", "_", f"{one.method.lower()}{one.path}").strip("_")


def _schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    mode = "validation" if isinstance(kind, type) and issubclass(kind, BaseModel) else "serialization"
    schema = TypeAdapter(kind).json_schema(ref_template=_REF, mode=mode)  # type: ignore[arg-type]  # one of its two words
    for name, told in schema.pop("$defs", {}).items():
        if schemas.setdefault(name, told) != told:
            raise TypeError(f"two different shapes are named {name}; a client generated from the document would mix them up")
    return schema


def _parameters(one: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", one.path)
    ]
    schema = one.query.model_json_schema(ref_template=_REF)
    for name, kind in schema.get("properties", {}).items():
        found.append({"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": kind})
    return found
