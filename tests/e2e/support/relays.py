# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix, Exim and HAProxy in front of the server. As packages the first
two exclude each other, so all are unpacked from Debian's archives and run
from a folder, without being installed. Postfix and Exim need root, to become
their accounts."""
import glob
import os
import pwd
import shutil
import smtplib
import subprocess

from support.mariadb import TOP
from support.server import free_port, open_folder
from support.waiting import wait_for

ARCHIVES = os.path.join(TOP, "build/relays")
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def unpack(packages, folder):
    """Fetches what is not there yet and unpacks it."""
    os.makedirs(ARCHIVES, exist_ok=True)
    missing = [package for package in packages
               if not glob.glob(f"{ARCHIVES}/{package}_*.deb")]
    if missing and not download(missing):
        # A machine that never asked for the lists of packages.
        subprocess.run(["apt-get", "-q", "update"], check=True,
                       stdout=subprocess.DEVNULL)
        assert download(missing), f"apt-get download {missing}"
    for package in packages:
        archive = glob.glob(f"{ARCHIVES}/{package}_*.deb")[0]
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)


def download(packages):
    done = subprocess.run(["apt-get", "-q", "download", *packages],
                          cwd=ARCHIVES, check=False,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


class Relay:
    """What both have in common: a folder, a log, an end."""
    packages = ()

    def __init__(self, server_port):
        self.folder = open_folder()
        self.server_port = server_port
        unpack(self.packages, self.folder)
        self.prepare()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def log(self):
        try:
            with open(self.log_file, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def stop(self):
        """Ends what still runs."""


class Exim(Relay):
    """Delivers each message in the foreground; in chunks where offered."""
    packages = ("exim4-daemon-light", "libidn12", "libnss-wrapper",
                "libgnutls-dane0", "libunbound8", "libevent-2.1-7",
                "libdb5.3", "libnsl2")
    account = "Debian-exim:x:65533:65533::/:/usr/sbin/nologin\n"

    def prepare(self):
        self.program = f"{self.folder}/usr/sbin/exim4"
        # A setuid program would not get the libraries beside it.
        os.chmod(self.program, 0o755)
        spool = f"{self.folder}/spool"
        os.mkdir(spool)
        os.chown(spool, 65533, 65533)
        self.log_file = f"{spool}/log-main"
        self.config = self.write("exim.conf", f"""
exim_path = {self.program}
spool_directory = {spool}
log_file_path = {spool}/log-%s
primary_hostname = relay.example.org
keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : ^NSS_WRAPPER_
deliver_drop_privilege = true
begin routers
server:
  driver = manualroute
  route_list = * 127.0.0.1::{self.server_port} byname
  self = send
  transport = smtp
begin transports
smtp:
  driver = smtp
  tls_verify_certificates =
begin retry
""")
        with open("/etc/passwd", encoding="utf-8") as file:
            self.write("passwd", file.read() + self.account)
        with open("/etc/group", encoding="utf-8") as file:
            self.write("group", file.read() + "Debian-exim:x:65533:\n")

    def send(self, message, to, sender="me@example.org"):
        wrapper = f"{self.folder}/{LIBRARIES}/libnss_wrapper.so"
        done = subprocess.run(
            [self.program, "-C", self.config, "-odf", "-oi", "-f", sender,
             *to], input=message, timeout=60, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"LD_LIBRARY_PATH": f"{self.folder}/{LIBRARIES}",
                 "LD_PRELOAD": wrapper,
                 "NSS_WRAPPER_PASSWD": f"{self.folder}/passwd",
                 "NSS_WRAPPER_GROUP": f"{self.folder}/group"})
        assert done.returncode == 0, done.stdout


class Postfix(Relay):
    """Takes mail on a port of its own and sends it on."""
    packages = ("postfix",)
    # Any accounts that are not ours: names that every Debian has.
    owner, group = "news", "uucp"

    def prepare(self):
        self.port = free_port()
        self.process = None
        self.log_file = f"{self.folder}/log"
        self.sbin = f"{self.folder}/usr/lib/postfix/sbin"
        self.make_queue()
        self.write("etc/main.cf", f"""
compatibility_level = 3.6
queue_directory = {self.folder}/spool
data_directory = {self.folder}/data
command_directory = {self.folder}/usr/sbin
daemon_directory = {self.sbin}
shlib_directory = {self.folder}/usr/lib/postfix
meta_directory = {self.folder}/etc
mail_owner = {self.owner}
setgid_group = {self.group}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
maillog_file = {self.log_file}
maillog_file_prefixes = {self.folder}
myhostname = relay.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
relayhost = [127.0.0.1]:{self.server_port}
smtp_host_lookup = native
smtp_tls_security_level = may
smtp_tls_loglevel = 1
alias_maps =
local_recipient_maps =
""")
        self.write("etc/master.cf", f"""
127.0.0.1:{self.port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
""")

    def make_queue(self):
        owner = pwd.getpwnam(self.owner).pw_uid
        for name in ("active bounce corrupt defer deferred flush hold "
                     "incoming private saved trace maildrop public").split():
            path = f"{self.folder}/spool/{name}"
            os.makedirs(path, mode=0o711)
            os.chown(path, owner, -1)
        os.mkdir(f"{self.folder}/spool/pid")
        os.mkdir(f"{self.folder}/data")
        os.chown(f"{self.folder}/data", owner, -1)

    def start(self):
        self.process = subprocess.Popen(
            [f"{self.sbin}/master", "-c", f"{self.folder}/etc", "-d"],
            env={"MAIL_CONFIG": f"{self.folder}/etc", "PATH": "/usr/bin:/bin",
                 "LD_LIBRARY_PATH": f"{self.folder}/usr/lib/postfix"})
        wait_for(self.is_ready, 30, "Postfix answers")
        return self

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5):
                return True
        except OSError:
            return False

    def send(self, message, to, sender="me@example.org"):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            assert client.sendmail(sender, to, message) == {}

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)


class HAProxy(Relay):
    """A balancer whose probes speak SMTP; version: of the PROXY protocol.
    With more than one port it shares clients out among them."""
    packages = ("haproxy", "liblua5.3-0", "libopentracing-c-wrapper0",
                "libopentracing1")

    def __init__(self, server_port, version, *more_ports):
        self.port = free_port()
        self.option = {1: "send-proxy", 2: "send-proxy-v2"}[version]
        self.more_ports = more_ports
        super().__init__(server_port)

    def prepare(self):
        self.log_file = f"{self.folder}/log"
        servers = "\n".join(
            f"    server s{port} 127.0.0.1:{port} {self.option} check "
            "check-send-proxy inter 200ms"
            for port in (self.server_port, *self.more_ports))
        config = self.write("haproxy.cfg", f"""
global
    log stdout format raw local0
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend smtp
    bind 127.0.0.1:{self.port}
    default_backend guerrilla
backend guerrilla
    option smtpchk EHLO balancer.example.org
    balance roundrobin
    option redispatch
    option log-health-checks
    log global
{servers}
""")
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [f"{self.folder}/usr/sbin/haproxy", "-db", "-f", config],
                stdout=log, stderr=log,
                env={"LD_LIBRARY_PATH": f"{self.folder}/{LIBRARIES}"})
        wait_for(lambda: "check passed" in self.log() or
                 "succeeded" in self.log(), 10, "a probe that succeeds")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
