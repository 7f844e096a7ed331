"""A client of chromedriver: the few commands of W3C WebDriver that the tests need, as JSON over HTTP, and
the two of Chrome's own for what a test cannot see otherwise (logs, and what a page is told of the screen).

Source: W3C WebDriver, https://www.w3.org/TR/webdriver2/, sections 6 (protocol) and 15 (actions)."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

import tap
from lib import machine

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of a reference to an element
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "ArrowLeft": "\ue012", "ArrowUp": "\ue013",
        "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Shift": "\ue008", "Escape": "\ue00c",
        "Backspace": "\ue003"}


def programs():
    """chromium and chromedriver; skips the test where one is missing."""
    found = [shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")]
    if None in found:
        raise tap.Skip("no chromium and chromedriver here: scripts/setup --with-browser installs them")
    return found


class Browser:
    """A browser without a window, with a profile of its own. close() ends all of it."""

    def __init__(self):
        chromium, driver = programs()
        self.dir = tempfile.mkdtemp(prefix="iomodels-browser-")
        # A group of its own: what the browser starts is ended with it.
        self.process = subprocess.Popen([driver, "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
                                        env=dict(os.environ, HOME=self.dir, TMPDIR=self.dir))
        self.session = None
        try:
            self.port = self._port()
            self._open(chromium)
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.process.stdout:
            if m := re.search(r"started successfully on port (\d+)", line):
                return int(m[1])
        raise AssertionError("chromedriver did not start")

    def _open(self, chromium):
        arguments = ["--headless", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                     f"--user-data-dir={self.dir}/profile", "--disable-background-networking",
                     "--disable-component-update", "--no-first-run"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        wanted = {"browserName": "chrome", "timeouts": {"script": int(machine.hang() * 1000)}, "goog:chromeOptions": {"binary": chromium, "args": arguments},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + answer["sessionId"]

    def _send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=machine.hang())
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.load(answer)["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def call(self, name, body):
        return self._send("POST", f"{self.session}/{name}", body)

    def close(self):
        if self.session:
            try:
                self._send("DELETE", self.session)
            except (OSError, AssertionError, http.client.HTTPException):
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def open(self, address):
        """Load a page anew, also where the one before differs in what stands behind # alone."""
        self.call("url", {"url": "about:blank"})
        self.call("url", {"url": address})

    def run(self, script, *arguments):
        """What a piece of JavaScript returns."""
        return self.call("execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """The same for one that calls its last argument when it is ready."""
        return self.call("execute/async", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("element", {"using": "css selector", "value": selector})

    def click(self, selector):
        self.call(f"element/{self.find(selector)[ELEMENT]}/click", {})

    def hover(self, selector):
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": self.find(selector)}
        self.call("actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def drag(self, selector, pixels):
        """Take something with the mouse and let it go so far to the right."""
        take = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": self.find(selector)}
        move = {"type": "pointerMove", "duration": 0, "x": pixels, "y": 0, "origin": "pointer"}
        actions = [take, {"type": "pointerDown", "button": 0}, move, {"type": "pointerUp", "button": 0}]
        self.call("actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]})

    def press(self, *keys):
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def chrome(self, command, **parameters):
        return self.call("goog/cdp/execute", {"cmd": command, "params": parameters})

    def width(self, pixels):
        self.chrome("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1,
                    mobile=False)

    def scheme(self, value):
        self.chrome("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def log(self, kind):
        return self.call("se/log", {"type": kind})

    def requests(self):
        """The addresses that were asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
