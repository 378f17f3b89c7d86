"""Pages that hold all they need, and may load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def offline_page(title: str, style: str, body: str, script: str, data: Any) -> str:
    """Make a page that works without a network.

    Its content security policy allows this script and no requests.

    Parameters
    ----------
    title : str
        Title of the page, as text.
    style : str
        CSS.
    body : str
        HTML, in which all text is escaped.
    script : str
        JavaScript, which finds the data in the text of the element "data".
    data : object
        What JSON can hold.

    Returns
    -------
    str
        The page.

    Examples
    --------
    >>> from mdgmvae.viewer.page import offline_page
    >>> page = offline_page("A & B", "", "<p>text</p>", "let a = 1;", {"name": "</script>"})
    >>> "<title>A &amp; B</title>" in page, page.count("</script>")
    (True, 2)
    """
    script = f'\n"use strict";\n{script}'
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("the script would end early: it holds </script or <!--")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(title),
        style=style,
        body=body,
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        script=script,
    )
