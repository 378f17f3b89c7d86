"""Names under which mdtraj's readers in C find files, whatever their names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def ascii_name(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield a name of a file that has only ASCII characters.

    mdtraj refuses others in the names of XTC, TRR and DCD files.

    Parameters
    ----------
    path : path-like
        The file.

    Yields
    ------
    str
        The name of the file, or of a symbolic link to it that lasts as long as the context.

    Examples
    --------
    >>> with ascii_name("run.xtc") as name:
    ...     print(name)
    run.xtc
    """
    path = Path(path)
    if str(path).isascii():
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="mdgmvae-") as folder:
        endings = "".join(ending for ending in path.suffixes[-2:] if ending.isascii())
        link = Path(folder, f"link{endings}")
        # Not every system allows links.
        with suppress(OSError):
            link.symlink_to(path.absolute())
        yield str(link if link.exists() else path)
