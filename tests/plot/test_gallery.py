"""Figures look like the pictures of docs/guides/plots.md, at which somebody has looked."""

import gallery
import matplotlib
import numpy as np
import pytest
from paths import ROOT
from PIL import Image

#: Pictures are compared after each block of so many pixels has become one, because letters and
#: lines may be drawn a little differently on other machines.
BLOCK = 6
#: Largest root-mean-square difference of a colour, from 0 to 255, and largest share of blocks that
#: may differ by more than LARGE.
RMS, SHARE, LARGE = 6.0, 0.01, 40


def coarse(image):
    """Return the mean colours of the blocks of an image."""
    size = [side // BLOCK * BLOCK for side in image.size]
    small = image.convert("RGB").crop((0, 0, *size)).reduce(BLOCK)
    return np.asarray(small, np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("name", gallery.PICTURES)
def test_figures_look_as_they_did_when_somebody_looked(name):
    theirs = gallery.drawn_with(name).split(".")[:2]
    if theirs != matplotlib.__version__.split(".")[:2]:
        pytest.skip(f"the picture was drawn with matplotlib {'.'.join(theirs)}")
    with Image.open(gallery.FOLDER / f"{name}.png") as image:
        expected = coarse(image)
    found = coarse(gallery.picture(name))
    assert found.shape == expected.shape
    apart = np.abs(found - expected).max(axis=-1)
    assert np.sqrt(np.square(found - expected).mean()) < RMS
    assert (apart > LARGE).mean() < SHARE


def test_the_page_shows_every_picture():
    page = (ROOT / "docs" / "guides" / "plots.md").read_text(encoding="utf-8")
    names = {path.stem for path in gallery.FOLDER.glob("*.png")}
    assert names == set(gallery.PICTURES)
    for name in names:
        assert f"../images/gallery/{name}.png" in page
