"""What does an installation weigh, and what is it made of?

    python benchmarks/bench_install.py [EXTRA ...]

Builds a wheel of this source, installs it with pip into environments of their own, without and with each extra (such as
``train``), and prints a row of JSON for each: megabytes in all, and of the largest packages, with byte code. Needs what
pip needs to fetch packages, and uv.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LISTED = 12


def main() -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory(prefix="hubel-install-") as name:
        folder = Path(name)
        uv = ROOT / ".tools/bin/uv"
        subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder], cwd=ROOT, check=True)
        wheel = next(folder.glob("*.whl"))
        for extra in ("", *sys.argv[1:]):
            place = folder / f"with-{extra}"
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            what = f"{wheel}[{extra}]" if extra else str(wheel)
            subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", what], check=True)
            packages = next(place.glob("lib/python*/site-packages"))
            sizes = sorted(((megabytes(each), each.name) for each in packages.iterdir()), reverse=True)
            row = {"extra": extra, "megabytes": megabytes(place), "largest": {name: mb for mb, name in sizes[:LISTED]}}
            print(json.dumps(row), flush=True)


def megabytes(path: Path) -> float:
    """Bytes of all files below, as people count: 1 MB is a million."""
    files = [path] if path.is_file() else (each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
    return round(sum(each.stat().st_size for each in files) / 1e6, 1)


if __name__ == "__main__":
    main()
