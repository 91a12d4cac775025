"""The description of the API, drawn from the routes; nobody writes it by hand.

Source: OpenAPI 3.1.
"""

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from pydantic.json_schema import models_json_schema

from bridge import __version__
from bridge.api.routes import Route
from schemas.answers import Problem
from schemas.api import Wire

_VARIABLE = re.compile(r"\{([a-z]+):([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_REF = "#/components/schemas/{model}"
Schema = dict[str, JsonValue]


def described(routes: Sequence[Route]) -> bytes:
    """Return the bytes of the OpenAPI document of these routes, the same for the same routes."""
    models = {
        model.__name__: model
        for route in routes
        for model in (route.takes, route.gives, Problem)
        if model is not None
    }
    paths: dict[str, Schema] = {}
    for route in routes:
        path = _VARIABLE.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Lianqiao",
            "version": __version__,
            "description": "Settle trade instruments between networks, and prove it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(models),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _schemas(models: Mapping[str, type[Wire]]) -> JsonValue:
    _, whole = models_json_schema(
        [
            (model, "serialization" if name.endswith("View") else "validation")
            for name, model in sorted(models.items())
        ],
        ref_template=_REF,
    )
    held: JsonValue = whole["$defs"]
    return held


def _operation(route: Route) -> Schema:
    operation: Schema = {
        "operationId": route.name,
        "summary": route.says,
        "parameters": _parameters(route),
        "responses": {
            str(route.status): _answer(route),
            "default": {
                "description": "A problem document.",
                "content": {"application/problem+json": {"schema": _reference(Problem)}},
            },
        },
    }
    if route.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.takes)}},
        }
    if route.roles is not None:
        operation["security"] = [{"token": []}]
        operation["x-roles"] = [*sorted(route.roles)]
    return operation


def _parameters(route: Route) -> list[JsonValue]:
    found: list[JsonValue] = [
        _parameter("path", name, pattern, required=True)
        for name, pattern in _VARIABLE.findall(route.path)
    ]
    found += [
        _parameter("query", name, pattern, required=False)
        for name, pattern in sorted(route.query.items())
    ]
    if route.write:
        found.append(_parameter("header", "Idempotency-Key", "[!-~]{1,128}", required=True))
    return found


def _parameter(where: str, name: str, pattern: str, *, required: bool) -> JsonValue:
    return {
        "in": where,
        "name": name,
        "required": required,
        "schema": {"type": "string", "pattern": f"^({pattern})$"},
    }


def _answer(route: Route) -> Schema:
    if route.gives is not None:
        schema = _reference(route.gives)
    else:
        schema = {"type": "object"} if route.media == "application/json" else {"type": "string"}
    return {"description": route.says, "content": {route.media: {"schema": schema}}}


def _reference(model: type[Wire]) -> JsonValue:
    return {"$ref": _REF.format(model=model.__name__)}
