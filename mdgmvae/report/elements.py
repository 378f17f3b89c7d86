"""HTML elements."""

from html import escape


def tag(name: str, content: str, **attributes: str) -> str:
    """Return an HTML element. The attributes are escaped, the content is HTML already.

    An attribute that is a word of Python ends in "_", and "_" stands for "-".

    Examples
    --------
    >>> tag("p", "a &lt; b", title='"')
    '<p title="&quot;">a &lt; b</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{given}>{content}</{name}>"
