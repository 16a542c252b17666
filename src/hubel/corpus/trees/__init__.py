"""Files by path, wherever they lie: in a folder or in an archive that is read without extraction."""
