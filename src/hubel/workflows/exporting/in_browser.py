"""An address in the browser of whoever sits here."""

from __future__ import annotations

import os
import sys
import webbrowser


def open_in_browser(address: str) -> bool:
    """Open an address in a new tab; whether that could be done.

    Args:
        address: of a page or a file.
    """
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    if sys.platform.startswith("linux") and not screen:
        return False  # a browser for terminals would take this one, and runs no script
    try:
        return webbrowser.open_new_tab(address)
    except (webbrowser.Error, OSError):
        return False
