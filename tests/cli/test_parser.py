"""The command-line parser: spelling and values of options, and wrong usage."""

import resource

import pytest
from command import call

from mdgmvae.annotation.writers import WRITERS
from mdgmvae.cli.options import Formats, Output, Source, Training
from mdgmvae.cli.parser import make_parser
from mdgmvae.presets import PRESETS, RULES

RUN = ["run", "top.pdb", "a.xtc", "-o", "out"]
TRAIN = ["train", "--traj_file", "x.npy", "-o", "out"]
COMMANDS = ("run", "select", "featurize", "train", "assign", "annotate", "demo")


def parsed(*words):
    return make_parser().parse_args([str(word) for word in words])


def training(*words):
    return Training.of(parsed(*words))


@pytest.mark.parametrize("widths", [["8", "4"], ["8,4"], ["8,", "4"]])
def test_layers_are_given_with_spaces_or_commas(widths):
    assert training(*TRAIN, "--qy_dims", *widths).chosen.qy_dims == (8, 4)


@pytest.mark.parametrize("flag", ["-k", "--k"])
def test_k_has_two_spellings(flag):
    assert training(*TRAIN, flag, 7).hyperparameters == {"k": 7}


@pytest.mark.parametrize(
    ("words", "ks"),
    [
        ([], [3, 5, 10, 20]),
        (["-k", "2,4"], [2, 4]),
        (["--k", "2", "4"], [2, 4]),
        (["--k", "none"], []),
    ],
)
def test_numbers_of_components_to_scan(words, ks):
    assert [k for some in parsed("select", "top.pdb", "a.xtc", *words).ks for k in some] == ks


def test_train_takes_the_papers_values_and_run_the_robust_ones():
    assert training(*TRAIN).chosen == PRESETS["paper"]
    assert training(*RUN).chosen == PRESETS["robust"]
    assert training("demo").chosen == PRESETS["robust"]
    assert training("demo").seed == 0
    chosen = training(*RUN, "--preset", "paper", "--lr", "0.01", "--scale", "none").chosen
    assert (chosen.lr, chosen.scale, chosen.n_z) == (0.01, None, 1)


def test_dashes_and_underscores_are_the_same_in_long_options():
    for spelt in (["--lag_time", "10"], ["--lag-time", "10"], ["--lag-time=10"], ["--lag_time=10"]):
        assert parsed(*RUN, *spelt).lag_time == 10
    given = training(
        *RUN, "--no_refit", "--no-relu-logits", "--n-epochs", 3, "--qy-dims=8,4", "--batch-size=9"
    )
    assert given.hyperparameters == {
        "refit": False, "relu_logits": False, "n_epochs": 3, "qy_dims": (8, 4), "batch_size": 9,
    }  # fmt: skip
    assert Source.of(parsed(*RUN, "--n-workers", 2)).n_workers == 2
    # Dashes are only replaced in the names of options, not in their values.
    assert parsed(*RUN, "--select", "name-x", "--features=my-file.json").features == "my-file.json"


def test_every_command_that_reads_files_takes_their_formats():
    words = ["--dt", "0.5", "--trajectory-format", "LAMMPS", "--topology_format", "DATA"]
    for command in (
        RUN,
        ["select", "top", "a.dcd"],
        ["featurize", "top", "a.dcd", "-o", "x.npy"],
        ["assign", "model", "top", "a.dcd", "-o", "x.npz"],
        ["annotate", "x.npz", "top", "a.dcd", "--format", "pdb", "-o", "x.pdb"],
    ):
        assert Formats.of(parsed(*command)) == Formats()
        assert Formats.of(parsed(*command, *words)) == Formats(0.5, "DATA", "LAMMPS")


def test_options_are_values_that_do_not_change():
    options = parsed(*RUN, "--start", 5, "--temperature", 300, "--overwrite")
    source, output = Source.of(options), Output.of(options)
    assert source.files == ["top.pdb", "a.xtc"]
    assert source.reading(None) == {
        "start": 5, "stop": None, "step": None, "backend": "serial", "n_workers": None,
        "on_bad_frames": "error",
    }  # fmt: skip
    assert (output.folder, output.overwrite, output.temperature) == ("out", True, 300.0)
    with pytest.raises(AttributeError):
        source.start = 7
    with source.on_cluster() as same:
        assert same is source


def test_formats_of_annotate_are_those_of_the_table():
    for name in WRITERS:
        options = parsed("annotate", "out", "top.pdb", "a.xtc", "--format", name, "-o", "x")
        assert (options.format, options.of) == (name, "states")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([*RUN, "-k", "two"], ["two", "mdgmvae run --help"]),
        (["select", "t", "x", "-k", "3,two"], ["'3,two'", "3,5,10", "mdgmvae select --help"]),
        ([*RUN, "--temperature", "0"], ["--temperature", "0"]),
        ([*RUN, "--temperature", "nan"], ["--temperature", "nan"]),
        (["demo", "--temperature", "-5"], ["--temperature", "-5", "above 0", "demo --help"]),
        ([*TRAIN, "--temperature", "x"], ["--temperature", "'x'"]),
        (["run", "top.pdb", "-o", "out"], ["TRAJECTORY", "PDB file with several models twice"]),
        ([*TRAIN, "--n_epochs", "many"], ["many", "mdgmvae train --help"]),
        ([*TRAIN, "--preset", "best"], ["best", "robust"]),
        ([*RUN, "--states", "some"], ["--states", "some", "analysed"]),
        ([*RUN, "--lag-tme", "4"], ["--lag-tme", "did you mean --lag_time?", "mdgmvae run --help"]),
        ([*RUN, "--n_epoch", "4"], ["--n_epoch:", "did you mean --n_epochs?"]),
        (["demo", "extra"], ["extra: mdgmvae demo does not expect this; it takes only options"]),
        (["demo", "--quux"], ["--quux: no such option;", "mdgmvae demo --help"]),
        (["annotate", "--off=states"], ["--off:", "did you mean --of?", "mdgmvae annotate --help"]),
        (["annotate", "out", "t", "x", "--format", "gro", "-o", "y"], ["gro", "h5md"]),
        ([*RUN, "-lag_time", "4"], ["-lag_time:", "mean --lag_time?", "mdgmvae run --help"]),
        ([*RUN, "-q"], ["-q: no such option;", "mdgmvae run --help"]),
        ([*RUN, "b.xtc"], ["b.xtc: mdgmvae run does not expect this; give all", "run --help"]),
        ([*RUN, "--learning_rate", "1"], ["--learning_rate: no such option;"]),
        (["--lag-time", "4", *RUN], ["--lag-time: options follow", "mdgmvae run --help"]),
        ([*RUN, "--dt", "0"], ["--dt", "above 0 ps"]),
        ([*RUN, "--start", "1.5"], ["--start: '1.5' is not a whole number", "run --help"]),
        ([*TRAIN, "--seed", "abc"], ["--seed: 'abc' is not a whole number"]),
        ([*RUN, "--dt", "inf"], ["--dt", "above 0 ps"]),
        ([*TRAIN[:-2], "-o", ""], ["-o/--out", "is empty"]),
        (["dance"], ["dance: no such command; choose from run", "mdgmvae --help"]),
        (["trian"], ["trian", "did you mean train?", "mdgmvae --help"]),
        ([], ["COMMAND"]),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_that_names_the_help(capsys, arguments, parts):
    with pytest.raises(SystemExit) as caught:
        parsed(*arguments)
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("mdgmvae: error: ")
    for part in parts:
        assert part in line


def test_help_imports_nothing_heavy(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = call("--help", cwd=tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 0.5
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_names_its_options(capsys, command):
    with pytest.raises(SystemExit) as caught:
        parsed(command, "--help")
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: mdgmvae {command}" in text
    assert f"Example: mdgmvae {command}" in text
    if command in ("run", "train", "demo"):
        assert all(f"--{name}" in text for name in RULES)
