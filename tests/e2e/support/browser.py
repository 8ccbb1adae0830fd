# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a window, driven by selenium: what it shows, asks for and
complains of."""
import json
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

PROGRAM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
# Its sandbox refuses root; containers often have a small /dev/shm.
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--no-first-run",
         "--window-size=1200,1000")


class Browser(webdriver.Chrome):
    def __init__(self):
        options = Options()
        options.binary_location = PROGRAM
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs",
                               {"browser": "ALL", "performance": "ALL"})
        super().__init__(service=Service(DRIVER), options=options)
        self.events = []

    def emulate(self, method, **parameters):
        """A setting of the Emulation domain of its debugging protocol."""
        self.execute_cdp_cmd(f"Emulation.{method}", parameters)

    def prefer(self, scheme, media=""):
        """light or dark; media may be print."""
        self.emulate("setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def be_wide(self, width, height=1000):
        self.emulate("setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)

    def requests(self, kind=None):
        """The addresses asked for since the start; of one kind: Document,
        Fetch."""
        for entry in self.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.events.append(event["params"])
        return [e["request"]["url"] for e in self.events
                if kind in (None, e["type"])]

    def complaints(self):
        """What it wrote to its console since the last call."""
        return [entry["message"] for entry in self.get_log("browser")]

    def run(self, script, *arguments):
        """The value of an expression in JavaScript."""
        return self.execute_script(f"return ({script});", *arguments)

    def text(self):
        return self.run("document.body.innerText")
