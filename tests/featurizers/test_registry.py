"""Featurizers by name, from dictionaries and from files."""

import json

import pytest

from mdgmvae.errors import InputError
from mdgmvae.featurizers import (
    Angles,
    Concatenate,
    Contacts,
    Dihedrals,
    Distances,
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
    with pytest.raises(InputError, match="'torsions' is unknown: give dihedrals, distances"):
        by_name("torsions")
    with pytest.raises(InputError, match="unknown"):
        by_name(5)
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
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
    with pytest.raises(InputError, match="needs featurizers"):
        from_dict({"kind": "concatenate"})
    with pytest.raises(InputError, match="kind"):
        from_dict(["dihedrals"])
