# SPDX-License-Identifier: GPL-3.0-or-later
"""The package of Debian: built twice, judged by Debian's own tools, and lived
with in a fresh system: installed, configured, upgraded under load, removed."""
import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess

import pytest

from support.dialog import Dialog
from support.load import Load
from support.mariadb import TOP
from support.server import free_port
from support.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(f"{TOP}/.git"),
                       reason="the package is made of what is committed"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
]

CONFIG = "/etc/guerrilla-smtpd/guerrilla-smtpd.conf"
SECRET = "a-long-secret"
RELEASE = "bookworm"


def run(*command, **options):
    """Its output; failing, it is shown."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=600, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n" \
        + done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope="module", name="built")
def build_package(tmp_path_factory):
    """A folder with all that `make deb` leaves, and its output in `log`. The
    unit tests are run by others."""
    folder = tmp_path_factory.mktemp("deb")
    log = build(folder)
    (folder / "log").write_text(log, encoding="utf-8")
    return folder


def build(folder):
    return run("make", "-C", TOP, "deb", env={
        **os.environ, "DEB_FOLDER": str(folder),
        "DEB_BUILD_OPTIONS": "nocheck"})


@pytest.fixture(scope="module", name="package")
def package_of(built):
    return next(built.glob("guerrilla-smtpd_*.deb"))


def test_two_builds_give_the_same_bytes(built, tmp_path):
    build(tmp_path)
    names = sorted(path.name for path in built.iterdir()
                   if path.suffix in (".deb", ".dsc", ".gz", ".xz"))
    assert len(names) == 5, names
    for name in names:
        assert (built / name).read_bytes() == (tmp_path / name).read_bytes(), \
            name


def test_lintian_and_blhc_find_nothing(built):
    changes = next(built.glob("*.changes"))
    run("lintian", "--allow-root", "--pedantic", "--fail-on=error,warning",
        str(changes))
    # All of its commands, and none without a flag of hardening.
    assert len(re.findall(" -c -o .*src/", (built / "log").read_text())) > 150
    run("blhc", "--all", str(built / "log"))


# ---- A fresh system -------------------------------------------------------


class System:
    """A Debian of its own in a folder: its own mounts and processes, our
    loopback."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "proc").mkdir(exist_ok=True)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child",
             "sh", "-c",
             f"mount --make-rprivate / && mount -t proc proc {folder}/proc && "
             f"mount -t tmpfs run {folder}/run && "
             f"echo up && exec sleep infinity"],
            stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "up\n"
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children",
                  encoding="ascii") as children:
            self.first = children.read().split()[0]

    def enter(self, *command):
        return ["nsenter", "-t", self.first, "-m", "-p", *command]

    def run(self, *command):
        return run(*self.enter("chroot", str(self.folder), *command), env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})

    def code(self, *command):
        return subprocess.run(self.enter(
            "chroot", str(self.folder), *command), check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def lend_socket(self, path):
        """The database's, at the place where a client looks for it."""
        self.run("install", "-d", "/run/mysqld")
        self.run("touch", "/run/mysqld/mysqld.sock")
        run(*self.enter("mount", "--bind", path,
                        f"{self.folder}/run/mysqld/mysqld.sock"))

    def install(self, package):
        shutil.copy(package, self.folder)
        return self.run("apt-get", "-q", "-y", "--no-install-recommends",
                        "install", f"/{package.name}")

    def status(self):
        return self.run("guerrilla-smtpd", "-s", "status")

    def close(self):
        os.kill(self.holder.pid, signal.SIGKILL)
        self.holder.wait()


@pytest.fixture(scope="module", name="archive")
def debian(package, tmp_path_factory):
    """A tarball of the least Debian that the package can be installed in."""
    wanted = [re.match("[a-z0-9.+-]+", each)[0] for each in run(
        "dpkg-deb", "-f", str(package), "Depends").strip().split(", ")]
    path = tmp_path_factory.mktemp("debian") / "debian.tar.gz"
    # How this machine comes to its packages, that one does too.
    ours = [line for line in run("apt-config", "dump").splitlines()
            if re.match(r'Acquire::[^"]* "[^"]+";$', line)]
    run("mmdebstrap", "--variant=minbase", f"--include={','.join(wanted)}",
        *[f"--aptopt={line}" for line in ours], RELEASE, str(path))
    return path


@pytest.fixture(name="system")
def fresh_system(archive, database, tmp_path):
    os.chmod(tmp_path, 0o755)
    folder = tmp_path / "root"
    folder.mkdir()
    run("tar", "-xzf", str(archive), "-C", str(folder))
    # invoke-rc.d does nothing without an init, unless it is allowed to.
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\n", encoding="utf-8")
    policy.chmod(0o755)
    system = System(folder)
    try:
        system.lend_socket(database.mariadb.socket)
        yield system
    finally:
        system.close()


@pytest.fixture(name="account")
def account_of_the_service(database):
    for sql in (f"CREATE USER debian@localhost IDENTIFIED BY '{SECRET}'",
                f"GRANT SELECT, INSERT ON {database.name}.* "
                "TO debian@localhost"):
        database.query_server(sql)
    yield
    database.query_server("DROP USER debian@localhost")


def configure(system, database, port):
    """As an operator does, in an editor: owner and mode stay."""
    with open(f"{system.folder}{CONFIG}", "r+", encoding="utf-8") as file:
        text = file.read()
        file.seek(0)
        file.truncate()
        for key, value in {
                "socket": '"/run/mysqld/mysqld.sock"', "user": '"debian"',
                "password": f'"{SECRET}"',
                "database": f'"{database.name}"'}.items():
            text, count = re.subn(rf"(?m)^(mysql \{{(?:\n.*)*?\n\t)#?{key} = "
                                  r".*$", rf"\g<1>{key} = {value}", text,
                                  count=1)
            assert count == 1, key
        file.write(text + f'\nlisten "127.0.0.1:{port}" {{ }}\n'
                   "limits {\n\tconnections_per_ip = 1000\n}\n")


def other_version(package, folder, version):
    """The same package as an upgrade of itself."""
    run("dpkg-deb", "-R", str(package), str(folder / "tree"))
    control = folder / "tree/DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*$", f"Version: {version}",
                              control.read_text()))
    path = folder / f"guerrilla-smtpd_{version}.deb"
    run("dpkg-deb", "--root-owner-group", "-b", str(folder / "tree"),
        str(path))
    return path


def make_unreadable(system):
    """The scoreboard, for every program but the one that runs: that of a
    version with another layout. The file is written again from the memory."""
    system.run("sh", "-ec", r"""
        cd /proc/$(cat /run/guerrilla-smtpd/pid)/fd
        for fd in *; do
            case $(readlink $fd) in
            *scoreboard*) printf '\0\0\0\0' |
                dd of=$fd bs=1 seek=8 conv=notrunc ;;
            esac
        done""")
    wait_for(lambda: system.code("guerrilla-smtpd", "-s", "status") == 5, 10,
             "a scoreboard of another layout")


def generation(system):
    return int(re.search(r"generation (\d+)", system.status())[1])


@contextlib.contextmanager
def nobody_refused(port, database):
    """A connection a mail: each is greeted and each mail gets its row. Between
    two commands the old generation may say 421, an AssertionError here."""
    before = database.count()
    with Load(port, sessions=4, mails_per_session=1) as load:
        load.await_accepted(20)
        yield
        load.await_accepted(20)
    assert set(load.failures) <= {"AssertionError"} and not load.deferred \
        and not load.unknown, load.summary()
    assert database.count() - before == len(load.accepted)


def test_a_life(system, package, database, account, tmp_path):
    """From the installation to the purge."""
    del account
    root = system.folder
    system.install(package)
    # It waits for its configuration.
    assert system.code("guerrilla-smtpd", "-s", "status") == 4
    assert not list(root.glob("etc/rc?.d/S*guerrilla-smtpd"))
    assert not list(root.glob("etc/systemd/**/guerrilla-smtpd.s*"))
    about = os.stat(f"{root}{CONFIG}")
    assert stat.S_IMODE(about.st_mode) == 0o640
    group = re.search(r"(?m)^guerrilla-smtpd:x:(\d+):",
                      (root / "etc/group").read_text())[1]
    assert about.st_uid == 0 and about.st_gid == int(group)
    assert os.stat(root / "var/log/guerrilla-smtpd").st_gid == int(group)
    system.run("systemd-analyze", "--man=no", "verify",
               "/lib/systemd/system/guerrilla-smtpd.service",
               "/lib/systemd/system/guerrilla-smtpd.socket")

    port = free_port()
    configure(system, database, port)
    system.run("guerrilla-smtpd", "-t", "--database")
    system.run("/etc/init.d/guerrilla-smtpd", "start")
    with Dialog(port) as dialog:
        dialog.command("EHLO me.example.org", 250)
        dialog.mail("Subject: hello\r\n\r\nhello\r\n")
    assert database.count() == 1

    # Upgraded: by the package, and after an update of a library.
    make_unreadable(system)
    with nobody_refused(port, database):
        system.install(other_version(package, tmp_path, "0.1.0-2"))
    assert generation(system) == 2
    with nobody_refused(port, database):
        system.run("/etc/needrestart/restart.d/guerrilla-smtpd.service")
    assert generation(system) == 3
    assert os.stat(f"{root}{CONFIG}").st_gid == int(group)

    # A configuration that would not start again keeps what runs.
    with open(f"{root}{CONFIG}", "a", encoding="utf-8") as file:
        file.write("nonsense = 1\n")
    with nobody_refused(port, database):
        assert system.code("/usr/share/guerrilla-smtpd/upgrade") == 1
    with open(f"{root}{CONFIG}", encoding="utf-8") as file:
        text = file.read().replace("nonsense = 1\n", "")
    with open(f"{root}{CONFIG}", "w", encoding="utf-8") as file:
        file.write(text)

    report = system.run("sh", "-c", "/usr/share/bug/guerrilla-smtpd 3>&1")
    assert "guerrilla-smtpd 0" in report and "connections_per_ip" in report
    assert SECRET not in report and "example" not in report

    # Removed: stopped. Purged: what was answered with 250 is left.
    spooled = root / "var/spool/guerrilla-smtpd/a-mail"
    spooled.parent.mkdir(exist_ok=True)
    spooled.write_text("mail")
    system.run("apt-get", "-q", "-y", "remove", "guerrilla-smtpd")
    wait_for(lambda: not is_open(port), 10, "the end of the service")
    assert os.path.exists(f"{root}{CONFIG}")
    said = system.run("apt-get", "-q", "-y", "purge", "guerrilla-smtpd")
    assert "/var/spool/guerrilla-smtpd" in said
    assert spooled.read_text() == "mail"
    left = [path for path in root.glob("*/**/guerrilla-smtpd*")
            if not path.is_relative_to(root / "proc")]
    assert left == [spooled.parent]


def is_open(port):
    try:
        Dialog(port).close()
    except OSError:
        return False
    return True


def test_piuparts_finds_nothing(built, package, archive):
    run("piuparts", "-b", str(archive), "-d", RELEASE,
        "--no-eatmydata", "--skip-minimize", "--warn-on-debsums-errors",
        str(package), cwd=built)
