"""What ``--layer`` takes: the same for every command that looks at one layer."""

from __future__ import annotations

LAYER = "first|last|N|NAME"
LAYER_HELP = "first or last: of the convolutions; N: its number in hubel anatomy;"
