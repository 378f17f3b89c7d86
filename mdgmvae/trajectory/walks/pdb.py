"""PDB: frames as models."""

from collections.abc import Iterator
from typing import IO

from .frame import Damaged, Frame, Truncated, check_text

#: Columns of a record up to the last coordinate.
_COORDINATES = 54
_ATOMS = (b"ATOM  ", b"HETATM")


def pdb_frames(stream: IO[bytes], size: int) -> Iterator[Frame]:
    """Yield the models of a PDB file, or its only frame if it has no models."""
    begin = offset = n_atoms = before = 0
    in_model = closed = has_models = False
    record = b""
    for line in stream:
        kind = line[:6]
        if kind in _ATOMS:
            if closed:
                raise Damaged(f"begins without a MODEL record (at byte {offset:,})")
            n_atoms += 1
            record = line
            if len(line.rstrip()) < _COORDINATES:
                break
        elif kind.startswith(b"MODEL"):
            if n_atoms and not in_model and not closed:
                raise Damaged(f"begins without a MODEL record (at byte {begin:,})")
            if in_model:
                yield Frame(begin, 0, n_atoms)
            begin, n_atoms, in_model, closed, has_models = offset, 0, True, False, True
        elif kind.startswith(b"ENDMDL") and in_model:
            yield Frame(begin, 0, n_atoms)
            before, n_atoms, in_model, closed = n_atoms, 0, False, True
        if not line.isascii() or b"\0" in line:
            check_text(line, offset)
        offset += len(line)
    if record and len(record.rstrip()) < _COORDINATES:
        if offset + len(record) < size:
            raise Damaged(f"has an atom without coordinates (at byte {offset:,})")
        raise Truncated(size)
    if in_model and n_atoms < before:
        raise Truncated(size)
    if in_model or (n_atoms and not has_models):
        yield Frame(begin, 0, n_atoms)
