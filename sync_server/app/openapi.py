"""The API description, made from the table of routes and from the very types that check the bodies."""

from collections.abc import Sequence
from typing import Any

import msgspec

from protocol.errors import RULES, ErrorCode
from protocol.messages import ErrorAnswer
from sync_server.app.route import Route

_REF = "#/components/schemas/{name}"
_ALWAYS = (ErrorCode.RATE_LIMITED, ErrorCode.INTERNAL)
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "open": [],
    "signed": [{"signed": []}],
    "sender": [{"signed": []}],
    "reader": [{"session": []}, {"signed": []}],
}


def describe(operations: Sequence[Route], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 as a JSON object."""
    types = sorted(
        {kind for op in operations for kind in (op.body, op.answer) if kind is not None} | {ErrorAnswer},
        key=lambda kind: kind.__name__,
    )
    references, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    refs = dict(zip(types, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trygg ute", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "signed": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Trygg <compact JWS>` by the device's field key over this request.",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "trygg"},
            },
        },
    }


def _operation(operation: Route, refs: dict[type[Any], dict[str, Any]]) -> dict[str, Any]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
        for name in names
    ] + [{"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query]
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": parameters,
        "security": _SECURITY[operation.access],
        "responses": {
            str(operation.status): {"description": "Done."} | _content(operation, refs),
            **_errors(operation, refs),
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[operation.body]}},
        }
    return described


def _content(operation: Route, refs: dict[type[Any], dict[str, Any]]) -> dict[str, Any]:
    if operation.status == 204:
        return {}
    return {"content": {operation.media: {"schema": refs[operation.answer] if operation.answer else {}}}}


def _errors(operation: Route, refs: dict[type[Any], dict[str, Any]]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in sorted({*operation.errors, *codes_of(operation)}):
        by_status.setdefault(RULES[code].status, []).append(code)
    return {
        str(status): {
            "description": ", ".join(codes),
            "content": {"application/json": {"schema": refs[ErrorAnswer]}},
        }
        for status, codes in sorted(by_status.items())
    }


def codes_of(operation: Route) -> set[ErrorCode]:
    """Codes any operation of this make can answer with."""
    codes = set(_ALWAYS)
    if operation.body is not None:
        codes |= {ErrorCode.BAD_JSON, ErrorCode.BAD_REQUEST, ErrorCode.TOO_LARGE}
    if "{unit}" in operation.path:
        codes.add(ErrorCode.UNIT_UNKNOWN)
    if operation.access != "open":
        codes |= {
            ErrorCode.SIGNATURE_MISSING,
            ErrorCode.SIGNATURE_WRONG,
            ErrorCode.WRONG_SERVER,
            ErrorCode.WRONG_UNIT,
            ErrorCode.DEVICE_UNKNOWN,
            ErrorCode.DEVICE_REMOVED,
            ErrorCode.UPDATE_NEEDED,
        }
    if operation.access == "reader":
        codes.add(ErrorCode.SESSION_NEEDED)
    return codes
