"""A saved explorer in the browser."""

#: Text that names the frame, and its state.
CAPTION = "explorer.elements.frame.textContent"


def opened(browser, path, **options):
    """Open a saved explorer; its object is then ``explorer`` in the page."""
    page = browser(path.as_uri(), **options)
    page.wait("document.querySelector('.caption')?.textContent")
    page.run("opened.then((explorer) => { window.explorer = explorer; })")
    return page


def lasso(page, corners, modifiers=0):
    """Draw around points of the plane."""
    left, top, _, _ = page.place(".map .above")
    pixels = [page.run(f"explorer.landscape.plane.toScreen({x}, {y})") for x, y in corners]
    page.drag([(left + x, top + y) for x, y in pixels], modifiers)
    return page.run("[...(explorer.chosen ?? [])]")
