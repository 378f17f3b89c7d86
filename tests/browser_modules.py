"""Run the modules of the browser by node."""

import json
import subprocess

from browser import NODE

from mdgmvae.viewer.scripts import bundle


def run_js(script, *names):
    """Run a script that prints JSON, with the exports of some modules in scope."""
    done = subprocess.run(
        [NODE, "--input-type=module"],
        input=bundle(*names) + script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def show(expression):
    return f"console.log(JSON.stringify({expression}));"
