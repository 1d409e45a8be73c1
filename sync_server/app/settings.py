"""What whoever runs the server can set. Each is an option of `trygg-ute serve`, described in docs/operations.md."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`rate`: requests per second and address, 0 for no limit. `disk_reserve`: MB kept free for urgent events.

    `heartbeat`: seconds between comments on an idle event stream, so that proxies keep it open.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    tls_cert: Path | None = None
    tls_key: Path | None = None
    web: Path = Path("build/pwa")
    public_url: str = ""
    rate: int = 500
    disk_reserve: int = 256
    heartbeat: float = 20.0

    @property
    def secure(self) -> bool:
        """Whether clients reach the server by HTTPS, so that cookies may be marked so."""
        return self.tls_cert is not None or self.public_url.startswith("https:")
