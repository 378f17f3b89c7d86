"""Files and folders are replaced whole or not at all, and nothing else is touched."""

import os
import stat
from pathlib import Path

import pytest

from mdgmvae.errors import InputError
from mdgmvae.storage.atomic import atomic_file, atomic_folder, check_file


def fill(folder: Path, text: str) -> None:
    (folder / "model").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "model/weights.npz", "states/state_0.xtc"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def content(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_a_new_folder_appears_whole(tmp_path):
    with atomic_folder(tmp_path / "deep" / "out") as folder:
        fill(folder, "new")
        assert not (tmp_path / "deep" / "out").exists()
    assert set(content(tmp_path / "deep" / "out").values()) == {"new"}
    assert os.listdir(tmp_path / "deep") == ["out"]


def test_files_of_the_user_survive_an_overwrite_at_any_depth(tmp_path):
    out = tmp_path / "out"
    fill(out, "old")
    for name in ("thesis.tex", "model/top.pdb", "states/notes.txt", "states/state_7.xtc"):
        (out / name).write_text("mine")
    with atomic_folder(out, overwrite=True, stale=("states/state_*",)) as folder:
        fill(folder, "new")
    after = content(out)
    assert after.pop("thesis.tex") == after.pop("model/top.pdb") == "mine"
    assert after.pop("states/notes.txt") == "mine"
    assert set(after) == {"a.txt", "b.txt", "model/weights.npz", "states/state_0.xtc"}
    assert set(after.values()) == {"new"}


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("moves", range(8))
def test_an_interrupt_while_moving_leaves_the_old_files(tmp_path, monkeypatch, moves, kind):
    out = tmp_path / "out"
    fill(out, "old")
    (out / "states" / "state_7.xtc").write_text("old")
    before = content(out)
    replace, done = Path.replace, []

    def interrupted(self, target):
        done.append(self)
        if len(done) == moves + 1:
            raise kind
        return replace(self, target)

    with pytest.raises(kind):
        with atomic_folder(out, overwrite=True, stale=("states/state_*",)) as folder:
            fill(folder, "new")
            monkeypatch.setattr(Path, "replace", interrupted)
        pytest.skip("there were fewer moves")
    monkeypatch.undo()
    assert content(out) == before


def test_a_failure_in_the_block_leaves_nothing(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ZeroDivisionError), atomic_folder(out) as folder:
        fill(folder, "new")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


def test_a_link_to_another_file_system_is_filled(tmp_path):
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here")
    import tempfile

    with tempfile.TemporaryDirectory(dir=other) as there:
        (tmp_path / "link").symlink_to(there)
        with atomic_folder(tmp_path / "link") as folder:
            fill(folder, "new")
        assert (Path(there) / "a.txt").read_text() == "new"
        assert (tmp_path / "link").is_symlink()


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    out = tmp_path / "out"
    (out / "a.txt").mkdir(parents=True)
    (out / "b.txt").write_text("old")
    refused = pytest.raises(InputError, match=r"a.txt: is a folder")
    with refused, atomic_folder(out, overwrite=True) as folder:
        fill(folder, "new")
    assert content(out) == {"b.txt": "old"}


def test_a_file_keeps_its_permissions_and_a_link_its_target(tmp_path):
    secret, link = tmp_path / "secret.txt", tmp_path / "link.txt"
    secret.write_text("old")
    secret.chmod(0o600)
    link.symlink_to(secret)
    with atomic_file(link) as temporary:
        temporary.write_text("new")
    assert secret.read_text() == "new"
    assert link.is_symlink()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", [".", "missing/x.txt"])
def test_where_no_file_can_be_written_is_told_first(tmp_path, name):
    with pytest.raises(InputError, match="folder"):
        check_file(tmp_path / name)
