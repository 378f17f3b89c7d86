"""Drive a headless Chromium through the DevTools protocol."""

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NODE = shutil.which("node")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")
# Containers often have little shared memory.
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"),
    *("--remote-debugging-port=0", "--no-first-run"),
)
#: Codes of keys on which a browser acts by itself.
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27}
#: Seconds to wait for anything.
_PATIENCE = 60


@contextmanager
def chromium(*flags):
    """Start a browser, and yield what opens pages in it."""
    websocket = pytest.importorskip("websocket", reason="websocket-client is not installed")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, "--remote-allow-origins=*", f"--user-data-dir={profile}", *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            # The browser writes where it listens, in two lines.
            port, path = wait_for_lines(Path(profile) / "DevToolsActivePort", 2)
            address = f"ws://127.0.0.1:{port}{path}"
            connection = websocket.create_connection(address, timeout=_PATIENCE)
            yield lambda url, **size: Page(connection, url, **size)
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def wait_for_lines(path, count):
    """Return the lines of a file as soon as it has so many of them."""
    end = time.monotonic() + _PATIENCE
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < end, f"{path} was not written"
        time.sleep(0.02)
    return path.read_text().splitlines()


class Page:
    """A page, with the errors that it logs and the addresses that it asks for.

    The script `before` runs before those of the page, whatever their policy is.
    """

    _numbers = itertools.count(1)

    def __init__(self, connection, url, width=1280, height=720, before=""):
        self._connection = connection
        self._session = None
        self.errors, self.requests = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def call(self, method, **parameters):
        """Call a method of the protocol, and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            if answer.get("sessionId") == self._session:
                self._note(answer)

    def _note(self, event):
        kind, details = event.get("method"), event.get("params", {})
        if kind == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif kind == "Runtime.exceptionThrown":
            self.errors.append(details["exceptionDetails"])
        elif kind == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.errors.append(details["entry"])
        elif kind == "Runtime.consoleAPICalled" and details["type"] == "error":
            self.errors.append(details["args"])

    def run(self, script):
        """Return the value of an expression, also of a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition, seconds=_PATIENCE):
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"{condition} did not become true; {self.errors}"
            time.sleep(0.02)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def place(self, selector):
        """Return x, y, width and height of an element."""
        return self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
        )

    def mouse(self, kind, x, y, modifiers=0):
        self.call(
            "Input.dispatchMouseEvent",
            type=f"mouse{kind}",
            x=x,
            y=y,
            button="left",
            clickCount=1,
            buttons=0 if kind == "Released" else 1,
            modifiers=modifiers,
        )

    def drag(self, points, modifiers=0):
        """Press at the first point, move along, and release at the last. One point: a click."""
        self.mouse("Pressed", *points[0], modifiers)
        for point in points[1:]:
            self.mouse("Moved", *point, modifiers)
        self.mouse("Released", *points[-1], modifiers)

    def click(self, selector, x=0.5, y=0.5):
        """Click at a share of the width and height of an element."""
        left, top, width, height = self.place(selector)
        self.drag([(left + x * width, top + y * height)])

    def key(self, key, code=None, text=""):
        typed = key if len(key) == 1 else text
        for kind in ("keyDown", "keyUp"):
            text = {"text": typed} if typed and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=code or key,
                windowsVirtualKeyCode=_KEYS.get(key, 0),
                **text,
            )

    def screenshot(self, path):
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def colors_of(self, selector):
        """Return the number of pixels of a canvas that are neither grey nor transparent."""
        return self.run(
            f"(() => {{ const c = document.querySelector({json.dumps(selector)});"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
            "for (let i = 0; i < d.length; i += 4)"
            "n += d[i + 3] > 0 && Math.max(d[i], d[i + 1], d[i + 2])"
            " - Math.min(d[i], d[i + 1], d[i + 2]) > 40;"
            "return n; })()"
        )
