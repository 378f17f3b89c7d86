"""Files and folders are replaced whole or not at all, and nothing else is touched."""

import os
import stat
from pathlib import Path

import pytest
from forked import run_script

from mdgmvae.errors import InputError
from mdgmvae.storage import switch
from mdgmvae.storage.atomic import atomic_file, atomic_folder, check_file, check_folder


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


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names of open files are unknown")
@pytest.mark.parametrize("replaced", [False, True])
def test_all_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch, replaced):
    out, file = tmp_path / "out", tmp_path / "x.npy"
    if replaced:
        fill(out, "old")
        file.write_text("old")
    before, after = set(), []

    def note(handle):
        name = Path(os.readlink(f"/proc/self/fd/{handle}"))
        target = out / "a.txt" if "out" in name.parts or ".out.mdgmvae" in name.parts else file
        before.add(name) if not is_new(target) else after.append(name)

    def is_new(path):
        return path.exists() and path.read_text() == "new"

    monkeypatch.setattr(os, "fsync", note)
    with atomic_folder(out, overwrite=True) as work:
        fill(work, "new")
    assert {work / name for name in content(out)} | {work, work / "states"} <= before
    with atomic_file(file) as temporary:
        Path(temporary).write_text("new")
    assert Path(temporary) in before
    assert after[-1] == tmp_path


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


#: How the new folder gets to its place: in one step; in several where the system has no such step;
#: or file by file, where the folder itself cannot be renamed.
WAYS = ["exchange", "renames", "files"]


def set_way(way, out, monkeypatch):
    if way == "renames":
        monkeypatch.setattr(switch, "_exchange", lambda *_: False)
    elif way == "files":
        monkeypatch.chdir(out)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("way", ["renames", "files"])
def test_an_interrupt_while_moving_leaves_the_old_files(tmp_path, monkeypatch, way, kind):
    out = tmp_path / "out"
    fill(out, "old")
    (out / "states" / "state_7.xtc").write_text("old")
    before = content(out)
    replace = Path.replace
    set_way(way, out, monkeypatch)
    for moves in range(20):
        done = []

        def interrupted(self, target, done=done, moves=moves):
            done.append(self)
            if len(done) == moves + 1:
                raise kind
            return replace(self, target)

        try:
            with atomic_folder(out, overwrite=True, stale=("states/state_*",)) as folder:
                fill(folder, "new")
                monkeypatch.setattr(Path, "replace", interrupted)
        except kind:
            monkeypatch.setattr(Path, "replace", replace)
            assert content(out) == before
        else:
            break
    assert moves == {"renames": 3, "files": 10}[way]
    assert set(content(out).values()) == {"new"}


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_lead_to_the_same_folder(tmp_path, monkeypatch, way):
    out = tmp_path / "out"
    fill(out, "old")
    for name in ("model/mine.txt", "states/state_7.xtc", "more/deep/mine.txt"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    (out / "link").symlink_to("a.txt")
    inode = (out / "more/deep/mine.txt").stat().st_ino
    set_way(way, out, monkeypatch)
    with atomic_folder(out, overwrite=True, stale=("states/state_*",)) as folder:
        fill(folder, "new")
        (folder / "fresh").mkdir()
        (folder / "fresh" / "c.txt").write_text("new")
    after = content(out)
    assert after.pop("model/mine.txt") == after.pop("more/deep/mine.txt") == "mine"
    assert set(after.values()) == {"new"}
    assert len(after) == 6
    # The files of the user are the same files, not copies.
    assert (out / "more/deep/mine.txt").stat().st_ino == inode
    assert (out / "link").is_symlink()
    assert os.listdir(tmp_path) == ["out"]


#: Ends a process without any clean-up after each of its changes to the file system in turn.
KILLED = """
import itertools, os, sys
from pathlib import Path

from mdgmvae.errors import InputError
from mdgmvae.storage import atomic, switch

CHANGES = [(os, n) for n in ("rename", "replace", "unlink", "rmdir", "mkdir", "link", "remove")]
os.fsync = lambda handle: None  # The power stays on.
WAY, OUT = "{way}", Path("out").absolute()

def write(folder, text):
    (folder / "model").mkdir(exist_ok=True)
    for name in ("a.txt", "b.txt", "model/c.txt"):
        (folder / name).write_text(text)

def found():
    names = (p for p in OUT.rglob("*") if p.is_file() and "mine" not in p.name)
    return {{p.read_text() for p in names if ".mdgmvae" not in str(p)}}

def overwrite(text, kill_after):
    left = itertools.count(kill_after, -1)
    def counted(function):
        def change(*arguments, **options):
            result = function(*arguments, **options)
            if next(left) == 0:
                os._exit(7)
            return result
        return change
    exchange = switch._exchange if WAY == "exchange" else lambda *_: False
    switch._exchange = counted(exchange)
    for module, name in CHANGES:
        setattr(module, name, counted(getattr(module, name)))
    if WAY == "files":
        os.chdir(OUT)
    with atomic.atomic_folder(OUT, overwrite=True, stale=["old_*"]) as folder:
        write(folder, text)
    os._exit(0)

OUT.mkdir()
write(OUT, "0")
(OUT / "mine.txt").write_text("mine")
(OUT / "old_0").write_text("0")
for number in range(200):
    before = found()
    child = os.fork()
    if not child:
        overwrite(str(number + 1), number)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # What the next command does first.
    atomic.check_folder(OUT, overwrite=True)
    after = found()
    assert after in (before, {{str(number + 1)}}), (number, before, after)
    assert (OUT / "mine.txt").read_text() == "mine"
    assert os.listdir(".") == ["out"], os.listdir(".")
    assert not list(OUT.glob(".*")), list(OUT.glob(".*"))
    if code == 0:
        break
    assert code == 7
assert number > 8 and after == {{str(number + 1)}}
assert sorted(os.listdir(OUT)) == ["a.txt", "b.txt", "mine.txt", "model"]
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_process_killed_at_any_moment_leaves_old_or_new(tmp_path, way):
    run_script(KILLED.format(way=way), tmp_path)


def test_of_two_writers_the_second_is_refused(tmp_path):
    out = tmp_path / "out"
    script = """
    from mdgmvae.errors import InputError
    from mdgmvae.storage.atomic import atomic_file, atomic_folder
    for writer, name in ((atomic_folder, "out"), (atomic_file, "x.npy")):
        try:
            with writer(name):
                raise AssertionError(name)
        except InputError as error:
            assert f"{name}: another process is writing it (process " in str(error), error
    """
    with atomic_folder(out) as folder, atomic_file(tmp_path / "x.npy"):
        fill(folder, "first")
        run_script(script, tmp_path)
        # A thread of the same process is told apart, too.
        with pytest.raises(InputError, match="another process"), atomic_folder(out):
            pytest.fail("the lock was given twice")
    assert set(content(out).values()) == {"first"}
    assert sorted(os.listdir(tmp_path)) == ["out", "x.npy"]


def test_what_a_dead_process_left_is_removed(tmp_path):
    script = """
    import os
    from mdgmvae.storage.atomic import atomic_file
    with atomic_file("out/x.npy") as temporary:
        temporary.write_text("half")
        os.kill(os.getpid(), 9)
    """
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(AssertionError, match="ended without a result"):
        run_script(script, tmp_path)
    assert os.listdir(out) == [".x.npy.mdgmvae"]
    with atomic_folder(out) as folder:
        fill(folder, "new")
    assert sorted(os.listdir(out)) == ["a.txt", "b.txt", "model", "states"]


def test_a_folder_filled_meanwhile_costs_no_results(tmp_path):
    out = tmp_path / "out"
    refused = pytest.raises(InputError, match=r"meanwhile; the results are in .*out-2")
    with refused, atomic_folder(out) as folder:
        fill(folder, "new")
        fill(out, "other")
    assert set(content(out).values()) == {"other"}
    assert set(content(tmp_path / "out-2").values()) == {"new"}


def test_a_hidden_folder_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("mine")
    (tmp_path / ".out.mdgmvae").symlink_to("precious")
    with pytest.raises(InputError, match="cannot be written"), atomic_folder(tmp_path / "out"):
        pytest.fail("the link was followed")
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "mine"


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


def test_a_folder_that_is_not_writable_is_told_first(tmp_path, monkeypatch):
    """A superuser may write everywhere, so permissions are pretended."""
    out = tmp_path / "out"
    out.mkdir()
    check_folder(out)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != out)
    with pytest.raises(InputError, match="out: the folder is not writable"):
        check_folder(out, overwrite=True)
