"""Damaged files are reported before they are read, and intact files are never refused."""

import struct
from pathlib import Path

import MDAnalysis as mda
import MDAnalysisTests
import numpy as np
import pytest
from MDAnalysisTests.datafiles import DCD, GRO, PSF, TRR, XTC

from mdgmvae.errors import InputError
from mdgmvae.trajectory.integrity import check_trajectory, check_universe

DATA = Path(MDAnalysisTests.__file__).parent / "data"
WHOLE = sorted(
    path
    for suffix in ("xtc", "trr", "dcd")
    for path in DATA.rglob(f"*.{suffix}")
    if path.stat().st_size
)


def frame_ends(path):
    """Return the end of each frame of an XTC or TRR file, from MDAnalysis' index."""
    reader = mda.coordinates.core.reader(str(path))
    offsets = reader._xdr.offsets
    return [int(offset) for offset in offsets[1:]] + [Path(path).stat().st_size]


@pytest.fixture
def cut(tmp_path):
    def write(source, n_bytes, name=None):
        target = tmp_path / (name or f"cut{Path(source).suffix}")
        target.write_bytes(Path(source).read_bytes()[:n_bytes])
        return target

    return write


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_whole_files_pass(path):
    reader = mda.coordinates.core.reader(str(path))
    frames = check_trajectory(path, n_atoms=reader.n_atoms)
    assert len(frames.begins) == reader.n_frames


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_the_last_byte_is_missed(path, cut):
    n_frames = mda.coordinates.core.reader(str(path)).n_frames
    shorter = cut(path, path.stat().st_size - 1)
    with pytest.raises(InputError, match=f"frame {n_frames - 1:,} ends early"):
        check_trajectory(shorter)
    check_trajectory(shorter, stop=n_frames - 1)


@pytest.mark.parametrize("source", [XTC, TRR], ids=["xtc", "trr"])
@pytest.mark.parametrize("beyond", [1, 10, 60, 90, 5000])
def test_cut_within_a_frame(source, beyond, cut):
    """The cut may lie in the header or in the coordinates; the frames before it are counted."""
    size = frame_ends(source)[3] + beyond
    path = cut(source, size)
    with pytest.raises(InputError) as caught:
        check_trajectory(path)
    assert str(caught.value) == (
        f"{path}: frame 4 ends early (file cut at byte {size:,}); 4 frames can be read; "
        "copy the file again, or use the frames before the damage: --stop 4 (stop=4)"
    )
    check_trajectory(path, stop=4)
    with pytest.raises(InputError):
        check_trajectory(path, stop=5)


def test_cut_dcd_names_the_total_of_its_header(cut):
    path = cut(DCD, 3_000_000)
    with pytest.raises(InputError, match=r"frame 74 ends early .*; 74 of about 500 frames"):
        check_trajectory(path)


@pytest.mark.parametrize("source", [XTC, TRR, DCD], ids=["xtc", "trr", "dcd"])
def test_cut_at_a_frame_boundary_is_a_shorter_file(source, cut):
    end = Path(DCD).stat().st_size - 2 * 40116 if source == DCD else frame_ends(source)[3]
    check_trajectory(cut(source, end))


@pytest.mark.parametrize("source", [XTC, TRR, DCD], ids=["xtc", "trr", "dcd"])
def test_garbage_after_the_last_frame(source, tmp_path):
    path = tmp_path / f"more{Path(source).suffix}"
    path.write_bytes(Path(source).read_bytes() + b"garbage " * 100)
    with pytest.raises(InputError, match=r"frame (10|98) does not begin with the header"):
        check_trajectory(path)


@pytest.mark.parametrize("suffix", [".xtc", ".trr"])
def test_atom_count_that_changes_within_the_file(suffix, tmp_path):
    universe = mda.Universe(GRO)
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    universe.atoms[:100].write(first)
    universe.atoms[:200].write(second)
    grown = tmp_path / f"grown{suffix}"
    grown.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(
        InputError, match="frame 1 has 200 atoms, but the frames before it have 100"
    ):
        check_trajectory(grown)


@pytest.mark.parametrize("source", [XTC, TRR, DCD], ids=["xtc", "trr", "dcd"])
def test_atom_count_of_the_topology(source):
    with pytest.raises(InputError, match="but the topology has 12; use the topology"):
        check_trajectory(source, n_atoms=12)


@pytest.mark.parametrize("suffix", [".xtc", ".trr", ".dcd"])
def test_text_with_the_suffix_of_a_trajectory(suffix, tmp_path):
    path = tmp_path / f"text{suffix}"
    path.write_text("ATOM      1  N   MET A   1\n" * 10)
    with pytest.raises(InputError, match=r"does not begin with the header .* suffix of its format"):
        check_trajectory(path)


@pytest.mark.parametrize("suffix", [".xtc", ".nc"])
def test_no_file_an_empty_file_and_a_folder(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(InputError, match="no such file"):
        check_trajectory(path)
    path.touch()
    with pytest.raises(InputError, match="the file is empty"):
        check_trajectory(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="is a folder"):
        check_trajectory(path)


def test_small_systems_are_stored_without_compression(tmp_path):
    universe = mda.Universe.empty(5, trajectory=True)
    path = tmp_path / "small.xtc"
    with mda.Writer(str(path), 5) as writer:
        for _ in range(3):
            writer.write(universe.atoms)
    check_trajectory(path, n_atoms=5)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(InputError, match="frame 2 ends early"):
        check_trajectory(path)


def test_xtc_of_large_systems_has_a_longer_length(tmp_path):
    """GROMACS' magic 2023: the length of the compressed bytes has 64 bits."""
    box = [1.0] + [0.0] * 3
    frame = struct.pack(">iiif9f", 2023, 20, 0, 0.0, *box, *([1.0] * 5))
    frame += struct.pack(">if6iiq", 20, 1000.0, *([0] * 6), 9, 6) + b"\0" * 8
    path = tmp_path / "large.xtc"
    path.write_bytes(frame * 3)
    check_trajectory(path, n_atoms=20)
    path.write_bytes(frame * 3 + frame[:50])
    with pytest.raises(InputError, match="frame 3 ends early"):
        check_trajectory(path)


@pytest.mark.parametrize(("code", "size"), [("f", 4), ("d", 8)])
def test_trr_of_both_precisions_with_velocities_in_some_frames(code, size, tmp_path):
    def frame(step, n_blocks):
        sizes = [0, 0, 9 * size, 0, 0, 0, 0] + [12 * size] * n_blocks + [0] * (3 - n_blocks)
        head = struct.pack(">iii12s10i3i", 1993, 13, 12, b"GMX_trn_file", *sizes, 4, step, 0)
        return head + struct.pack(f">2{code}", step, 0.0) + bytes(sum(sizes))

    data = frame(0, 3) + frame(1, 1) + frame(2, 2)
    path = tmp_path / "mixed.trr"
    path.write_bytes(data)
    check_trajectory(path, n_atoms=4)
    path.write_bytes(data[:-size])
    with pytest.raises(InputError, match="frame 2 ends early"):
        check_trajectory(path)


@pytest.mark.parametrize(("order", "marker"), [("<", "i"), (">", "i"), ("<", "q"), (">", "q")])
def test_dcd_with_fixed_atoms_in_every_byte_order(order, marker, tmp_path):
    """After the first frame only the free atoms are stored; NSET is 0, as after a crash."""

    def record(data):
        length = struct.pack(order + marker, len(data))
        return length + data + length

    control = [0, 1, 1, 0, 0, 0, 0, 0, 3] + [0] * 11
    data = record(b"CORD" + struct.pack(order + "20i", *control))
    data += record(struct.pack(order + "i", 1) + b" " * 80)
    data += record(struct.pack(order + "i", 10))
    data += record(np.arange(4, 11).astype(order + "i4").tobytes())
    data += record(bytes(40)) * 3 + record(bytes(28)) * 3 * 4
    path = tmp_path / "fixed.dcd"
    path.write_bytes(data)
    check_trajectory(path, n_atoms=10)
    path.write_bytes(data[:-30])
    with pytest.raises(InputError, match="frame 4 ends early"):
        check_trajectory(path)


def test_universe_of_several_files_counts_over_all(cut):
    shorter = cut(XTC, frame_ends(XTC)[6] + 100)
    universe = mda.Universe(GRO, XTC, str(shorter))
    with pytest.raises(InputError, match=r"frame 7 ends early .* --stop 17 \(stop=17\)"):
        check_universe(universe)
    check_universe(universe, stop=17)
    with pytest.raises(InputError):
        check_universe(universe, stop=18)


def test_universe_in_memory_has_no_files():
    universe = mda.Universe(PSF, DCD, in_memory=True, in_memory_step=50)
    check_universe(universe).check()


def test_lists_within_a_list_are_named():
    """The advice was to copy the files again, which are sound."""
    nested = mda.Universe(GRO, [[XTC], [XTC]])
    with pytest.raises(InputError, match=r"a list within a list of files.*; pass one list: MDA"):
        check_universe(nested)
