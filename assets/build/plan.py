"""What one build is asked to do, and where it reads and writes."""

from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    """Input and output places of one build.

    Attributes:
        root: the project's root folder (holds ``assets/``, ``mobile_app/``, ``protocol/`` and ``requirements/``).
        out: folder that is replaced by the finished build.
        cache: folder of content-addressed intermediate results; may be deleted at any time.
        brotli: brotli quality, 0 to 11.
        origin_path: path on the origin where the app is served; starts and ends with a slash.
        snapshot: whether a memory image of the started Python is built and shipped.
    """

    root: Path
    out: Path
    cache: Path
    brotli: int = 5
    origin_path: str = "/"
    snapshot: bool = True

    @property
    def web(self) -> Path:
        """The folder of the JavaScript sources."""
        return self.root / "assets" / "web"

    @property
    def shell(self) -> Path:
        """The folder of the page shell's sources."""
        return self.web / "shell"
