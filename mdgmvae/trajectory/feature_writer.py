"""Write a feature file that appears only when it is complete."""

import os
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..storage.atomic import atomic_pair
from ..storage.features import FeatureSet, remove_folder
from ..storage.npy import (
    check_npy_name,
    digest_of,
    open_npy,
    write_description,
    write_header,
)

_ROWS_AT_ONCE = 4096


class FeatureWriter:
    """Context manager for a feature file to which several processes may write rows.

    Parameters
    ----------
    out : path-like, optional
        The .npy file to create or replace, with a .json file beside it. By default, a temporary
        file that is removed together with the FeatureSet.
    n_features : int
        Number of columns.

    Attributes
    ----------
    rows_path : str
        Absolute path of the file, for `mdgmvae.storage.npy.write_rows`.

    Examples
    --------
    >>> from mdgmvae.storage.npy import write_rows
    >>> with FeatureWriter(None, 2) as writer:
    ...     write_rows(writer.rows_path, 0, np.ones((3, 2)))
    ...     features = writer.commit(
    ...         names=("a", "b"), units=("1", "1"), frames=np.arange(3), times=np.arange(3.0),
    ...         trajectory_index=np.zeros(3, int), lengths=(3,))
    >>> float(features.values.sum())
    6.0
    """

    def __init__(self, out: str | os.PathLike[str] | None, n_features: int) -> None:
        self._out = None if out is None else check_npy_name(out).absolute()
        self._n_features = n_features
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Create the file."""
        self._folder: Path | None = None
        with ExitStack() as stack:
            if self._out is None:
                self._folder = Path(tempfile.mkdtemp(prefix="mdgmvae-"))
                stack.callback(self._discard)
                self._npy = self._folder / "features.npy"
                self._json = self._folder / "features.json"
            else:
                pair = atomic_pair(self._out, self._out.with_suffix(".json"))
                self._npy, self._json = stack.enter_context(pair)
            write_header(self._npy, 0, self._n_features)
            self._stack = stack.pop_all()
        self.rows_path = str(self._npy)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the file unless it was committed."""
        self._stack.__exit__(kind, error, traceback)

    def commit(self, **described: Any) -> FeatureSet:
        """Complete the files and move them into place.

        Parameters
        ----------
        **described
            All attributes of the `FeatureSet` except `values` and `path`.

        Returns
        -------
        FeatureSet
            The features.
        """
        n_rows = len(described["frames"])
        write_header(self._npy, n_rows, self._n_features)
        unopened = np.empty((0, self._n_features), dtype=np.float32)
        features = FeatureSet(values=unopened, path=self._npy, **described)
        digest = digest_of(self._npy)
        write_description(self._json, {**features.describe(), "digest": digest})
        folder, self._folder = self._folder, None
        self._stack.close()
        path = self._npy if self._out is None else self._out
        features = replace(features, values=open_npy(path), path=path)
        if folder is not None:
            features.remove_with_me(folder)
        return features

    def remove_unusable(self, n_rows: int) -> np.ndarray:
        """Remove the rows of NaN, which frames that cannot be used have got.

        Parameters
        ----------
        n_rows : int
            Number of rows that were written.

        Returns
        -------
        numpy.ndarray
            Whether each row is kept, (n_rows,) bool.
        """
        write_header(self._npy, n_rows, self._n_features)
        rows = np.lib.format.open_memmap(self._npy, mode="r+")
        kept: np.ndarray = ~np.isnan(rows[:, 0])
        written = 0
        for begin in range(0, n_rows, _ROWS_AT_ONCE):
            part = rows[begin : begin + _ROWS_AT_ONCE][kept[begin : begin + _ROWS_AT_ONCE]]
            rows[written : written + len(part)] = part
            written += len(part)
        row_bytes = rows.itemsize * self._n_features
        rows.flush()
        del rows
        os.truncate(self._npy, os.path.getsize(self._npy) - (n_rows - written) * row_bytes)
        return kept

    def _discard(self) -> None:
        if self._folder is not None:
            remove_folder(self._folder, os.getpid())
