"""The OpenAPI document, made from the routes and the types of the contract."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from aseptic.contract import RunTable
from aseptic.server import resources  # noqa: F401  # importing it declares its routes
from aseptic.server.encoding import MSGPACK
from aseptic.server.jobs import Job
from aseptic.server.routes import ID, ROUTES, Route
from aseptic.version import __version__

_REF = "#/components/schemas/{name}"
_ERRORS = {
    "400": "what was asked for cannot be read",
    "403": "not allowed, or outside of the server's folder",
    "404": "there is no such thing",
    "503": "the store is away, damaged or of a newer aseptic",
}


class Message(msgspec.Struct, kw_only=True):
    """What happened, in one line."""

    message: str


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """OpenAPI 3.1, as plain values."""
    types = [RunTable, Message, Job]
    for one in ROUTES:
        types += [one.reply] + ([one.body] if one.body is not None else [])
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for one in ROUTES:
        paths.setdefault(f"/{one.path}", {})[one.method.lower()] = _operation(one, of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "aseptic", "version": __version__},
        "servers": [{"url": "/aseptic/api"}],
        "paths": {**paths, **_others(of)},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
        },
        "security": [{"token": []}],
    }


def _operation(one: Route, of: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.function.__name__,
        "summary": one.summary,
        "parameters": [*map(_in_path, one.names), *_in_query(one.params)],
        "responses": {str(one.status): _content(of[repr(one.reply)]), **_errors(of)},
    }
    if one.body is not None:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": of[repr(one.body)]}},
        }
    return told


def _others(of: dict[str, Any]) -> dict[str, Any]:
    """The handlers that are no resources."""
    at = {"name": "at", "in": "query", "schema": {"type": "string", "default": ""}}
    job = {"202": _content(of[repr(Job)]), **_errors(of)}
    body = {"type": "object", "properties": {"thorough": {"type": "boolean"}}}
    return {
        "/runs/{run_id}/check": {
            "post": {
                "operationId": "check",
                "summary": "Starts a check of a run in the background.",
                "parameters": [_in_path("run_id"), at],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {**body, "additionalProperties": False}}
                    },
                },
                "responses": job,
            }
        },
        "/jobs/{job_id}": {
            "get": {
                "operationId": "job",
                "summary": "How far a job is.",
                "parameters": [_in_path("job_id")],
                "responses": {"200": _content(of[repr(Job)]), **_errors(of)},
            }
        },
        "/runs/{run_id}/artifacts/{name}": {
            "get": {
                "operationId": "artifact",
                "summary": "The content of an artifact, as a download.",
                "parameters": [
                    _in_path("run_id"),
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                    at,
                ],
                "responses": {
                    "200": {"description": "its bytes", "content": {"*/*": {"schema": {}}}},
                    **_errors(of),
                },
            }
        },
    }


def _in_path(name: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": f"^{ID.pattern}$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(params: type[msgspec.Struct]) -> list[dict[str, Any]]:
    schema = msgspec.json.schema_components([params], ref_template=_REF)[1][params.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": one}
        for name, one in schema["properties"].items()
    ]


def _content(schema: Any) -> dict[str, Any]:
    media = {"application/json": {"schema": schema}, MSGPACK: {}}
    return {"description": "what was asked for", "content": media}


def _errors(of: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": of[repr(Message)]}}
    return {code: {"description": text, "content": content} for code, text in _ERRORS.items()}
