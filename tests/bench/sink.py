# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix's smtp-sink, which receives mail and throws it away."""
import os
import subprocess
import time

from measure import TOP, cpu_us, load
from support.server import free_port

POSTFIX = os.path.join(TOP, "build/postfix")


def fetch_smtp_sink():
    """Unpacked from Debian's package below build/; '' where that fails."""
    program = f"{POSTFIX}/usr/sbin/smtp-sink"
    if not os.path.exists(program):
        os.makedirs(POSTFIX, exist_ok=True)
        os.chmod(POSTFIX, 0o755)
        subprocess.run("apt-get download postfix && dpkg-deb -x "
                       "postfix_*.deb .", shell=True, cwd=POSTFIX,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       check=False)
    return program if os.path.exists(program) else ""


class SmtpSink:
    def __init__(self, program):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, *(["-u", "nobody"] if os.getuid() == 0 else []),
             f"127.0.0.1:{self.port}", "1000"],
            stdout=subprocess.DEVNULL,
            env={"LD_LIBRARY_PATH": f"{POSTFIX}/usr/lib/postfix"})
        time.sleep(0.5)

    def measure(self, arguments, mails):
        before = cpu_us([self.process.pid])
        figures = load(self.port, arguments, mails)
        figures["server_us"] = ((cpu_us([self.process.pid]) - before)
                                / figures["accepted"])
        return figures

    def stop(self):
        self.process.terminate()
        self.process.wait()
