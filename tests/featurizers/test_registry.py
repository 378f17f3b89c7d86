"""Featurizers by name, from dictionaries and from files, and classes that register themselves."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from paths import ROOT

import mdgmvae.featurizers
from mdgmvae.errors import InputError
from mdgmvae.featurizers import (
    Angles,
    BoundFeaturizer,
    Concatenate,
    Contacts,
    Dihedrals,
    Distances,
    Featurizer,
    Positions,
    by_name,
    from_dict,
)


@pytest.mark.parametrize(
    ("name", "featurizer"),
    [
        ("dihedrals", Dihedrals()),
        ("distances", Distances()),
        ("ca_distances", Distances(scheme="ca")),
        ("positions", Positions()),
        ("angles", Angles()),
        ("contacts", Contacts(scheme="residue-min")),
    ],
)
def test_names_stand_for_featurizers(name, featurizer):
    assert by_name(name) == featurizer
    assert by_name([name]) == featurizer
    assert by_name(featurizer) is featurizer


def test_a_list_is_concatenated():
    mixed = by_name(["dihedrals", Distances("name CA")])
    assert mixed == Concatenate((Dihedrals(), Distances("name CA")))


def test_a_file_holds_a_featurizer(tmp_path):
    path = tmp_path / "mine.json"
    featurizer = Concatenate((Dihedrals(angles="chi1"), Distances(pairs=[(0, 5)])))
    path.write_text(json.dumps(featurizer.to_dict()))
    assert by_name(path) == by_name(str(path)) == featurizer
    path.write_text(json.dumps({"featurizer": featurizer.to_dict(), "names": []}))
    assert by_name(path) == featurizer


def test_what_is_unknown_is_refused(tmp_path):
    with pytest.raises(
        InputError, match="'torsions' is unknown; choose angles, ca_distances, contacts, dihedrals"
    ):
        by_name("torsions")
    with pytest.raises(InputError, match="unknown"):
        by_name(5)
    with pytest.raises(InputError, match=r"none\.json: no such file"):
        by_name(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(InputError, match=r"broken\.json: is not JSON"):
        by_name(broken)
    broken.write_text('{"kind": "torsions"}')
    with pytest.raises(InputError, match=r"broken\.json: no featurizer is of kind 'torsions'"):
        by_name(broken)
    with pytest.raises(InputError, match="no option 'angle'"):
        from_dict({"kind": "dihedrals", "angle": ["phi"]})
    # A text is true, also "no".
    for kind, option in (("distances", "periodic"), ("dihedrals", "periodic"),
                         ("angles", "periodic"), ("contacts", "smooth")):  # fmt: skip
        with pytest.raises(InputError, match=f"{option}='no': must be True or False"):
            from_dict({"kind": kind, option: "no"})
    for number in (1.5, "2", True, -1):
        with pytest.raises(InputError, match="exclude_neighbours="):
            from_dict({"kind": "distances", "exclude_neighbours": number})
    with pytest.raises(InputError, match="needs featurizers"):
        from_dict({"kind": "concatenate"})
    with pytest.raises(InputError, match="kind"):
        from_dict(["dihedrals"])


def height(positions, box):
    return positions[:, 0, 2:]


@dataclass(frozen=True)
class Height(Featurizer):
    """Height of one atom, defined outside the package."""

    atom: int = 0

    kind: ClassVar[str] = "height"

    def _bind(self, atoms):
        return BoundFeaturizer(self, np.array([self.atom]), ("z",), ("angstrom",), height)


def test_a_class_of_the_users_registers_itself():
    assert by_name("height") == Height()
    both = Concatenate((Dihedrals(), Height(4)))
    assert from_dict(json.loads(json.dumps(both.to_dict()))) == both
    with pytest.raises(InputError, match="'height' has no option 'atoms'"):
        from_dict({"kind": "height", "atoms": 3})
    assert "Height" not in dir(mdgmvae.featurizers)


def test_a_class_with_a_required_option_has_no_short_name():
    @dataclass(frozen=True)
    class Depth(Featurizer):
        below: float
        atom: int = 0

        kind: ClassVar[str] = "depth"

        def _bind(self, atoms):
            return Height(self.atom).bind(atoms)

    assert from_dict({"kind": "depth", "atom": 2, "below": 0.5}) == Depth(0.5, 2)
    with pytest.raises(InputError, match=r"Depth has required options \(below\); pass"):
        by_name("depth")
    with pytest.raises(InputError, match=r"'depth' cannot be made: .* 'below'"):
        from_dict({"kind": "depth", "atom": 2})


def test_a_kind_belongs_to_one_class():
    with pytest.raises(
        TypeError, match=r"kind='dihedrals' is already the kind of .*Dihedrals; choose"
    ):

        class Torsions(Featurizer):
            kind: ClassVar[str] = "dihedrals"

    assert from_dict({"kind": "dihedrals"}) == Dihedrals()


def test_a_class_may_be_defined_again():
    """This happens if a cell of a notebook is run twice."""
    for default in (1, 2):

        @dataclass(frozen=True)
        class Cell(Height):
            atom: int = default
            kind: ClassVar[str] = "cell"

    assert by_name("cell") == Cell(2)


def test_saved_kinds_are_found_before_their_modules_are_imported():
    saved = json.dumps([by_name(name).to_dict() for name in ("angles", "contacts", "positions")])
    code = (
        "import json, sys; from mdgmvae.featurizers import from_dict\n"
        "print([from_dict(values).kind for values in json.loads(sys.argv[1])])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, saved], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['angles', 'contacts', 'positions']"


def test_classes_are_names_of_the_package():
    assert mdgmvae.featurizers.Contacts is Contacts
    assert {"Contacts", "Custom", "Featurizer", "by_name"} <= set(dir(mdgmvae.featurizers))
    assert "PairFeaturizer" not in dir(mdgmvae.featurizers)
    with pytest.raises(AttributeError, match="no attribute 'Torsions'"):
        mdgmvae.featurizers.Torsions


@pytest.mark.slow
def test_the_documented_example_needs_one_file_and_one_test(tmp_path):
    """The two files of docs/guides/featurizers.md, in a copy of the package."""
    document = (ROOT / "docs" / "guides" / "featurizers.md").read_text(encoding="utf-8")
    module, test = re.findall(r"^```py\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    shutil.copytree(
        ROOT / "mdgmvae", tmp_path / "mdgmvae", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "mdgmvae" / "featurizers" / "radius_of_gyration.py").write_text(module)
    (tmp_path / "test_radius_of_gyration.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
