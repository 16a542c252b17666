"""The Python functions behind the commands; ``import hubel`` offers them all, and loads each when it is first used."""
