"""Response headers: one class per kind of file, written to headers.json for the server and into the service worker.

A worker takes the Content-Security-Policy of its own response, also of one made by the service worker, so both sides
send the same headers from the same list.
"""

from typing import Any

# script-src is the one that matters: own files and WebAssembly, no inline script, no eval. Flutter sets style elements
# of its own, hence 'unsafe-inline' for styles alone.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}

_EVERY_FILE = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_DOCUMENT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), browsing-topics=(), camera=(self), display-capture=(), geolocation=(self), gyroscope=(), "
        "magnetometer=(), microphone=(self), midi=(), payment=(), publickey-credentials-create=(self), "
        "publickey-credentials-get=(self), screen-wake-lock=(self), usb=()"
    ),
    "X-Frame-Options": "DENY",
}

_TYPES = {
    "bin": "application/octet-stream",
    "css": "text/css; charset=utf-8",
    "frag": "application/octet-stream",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "otf": "font/otf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json; charset=utf-8",
    "woff2": "font/woff2",
    "zip": "application/zip",
}

SERVICE_WORKER = "sw.js"
WORKERS = ("python-worker.js", SERVICE_WORKER)


def classes() -> dict[str, dict[str, str]]:
    """Return the headers of each class: ``document``, ``worker``, ``service-worker`` and ``file``."""
    policy = {"Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items())}
    return {
        "document": {**_EVERY_FILE, **policy, **_DOCUMENT},
        "worker": {**_EVERY_FILE, **policy},
        "service-worker": {**_EVERY_FILE, **policy, "Service-Worker-Allowed": "/"},
        "file": dict(_EVERY_FILE),
    }


def class_of(name: str) -> str:
    """Return the class of the file at path `name` inside the build."""
    if name.endswith((".html", ".svg")):
        return "document"
    if name == SERVICE_WORKER:
        return "service-worker"
    return "worker" if name in WORKERS else "file"


def content_type(name: str) -> str:
    """Return the Content-Type of the file at path `name`."""
    return _TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")


def headers_json(hashes: dict[str, str]) -> dict[str, Any]:
    """Return the content of headers.json.

    Args:
        hashes: path inside the build → SHA-256 of the content, which serves as ETag.
    """
    return {
        "classes": classes(),
        "files": {
            name: {"class": class_of(name), "type": content_type(name), "sha256": digest}
            for name, digest in sorted(hashes.items())
        },
        "navigation": {"page": "index.html", "suffix": ".html"},
    }
