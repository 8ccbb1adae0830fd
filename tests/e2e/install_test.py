# SPDX-License-Identifier: GPL-3.0-or-later
"""make install, and what of it others call."""
import glob
import grp
import os
import re
import stat
import subprocess

import pytest

from support.mariadb import TOP

pytestmark = pytest.mark.skipif(
    not os.path.exists(f"{TOP}/build/guerrilla-smtpd"),
    reason="what is installed is build/guerrilla-smtpd")


@pytest.fixture(name="root")
def installed(tmp_path):
    subprocess.run(["make", "-s", "-C", TOP, "install", "-o", "all",
                    f"DESTDIR={tmp_path}", "PREFIX=/opt/mail"], check=True,
                   umask=0o077)
    return tmp_path


SAMPLE = "/etc/guerrilla-smtpd/guerrilla-smtpd.conf"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_everything_is_where_it_belongs(root):
    share = root / "opt/mail/share/guerrilla-smtpd"
    lib = root / "opt/mail/lib"
    for path, wanted in {
            root / "opt/mail/sbin/guerrilla-smtpd": 0o755,
            root / "etc/init.d/guerrilla-smtpd": 0o755,
            root / "etc/logrotate.d/guerrilla-smtpd": 0o644,
            root / "etc/guerrilla-smtpd/guerrilla-smtpd.conf": 0o640,
            lib / "systemd/system/guerrilla-smtpd.service": 0o644,
            lib / "sysusers.d/guerrilla-smtpd.conf": 0o644,
            lib / "tmpfiles.d/guerrilla-smtpd.conf": 0o644,
            share / "schema.sql": 0o644,
            share / "schema-raw.sql": 0o644,
            share / "guerrilla-smtpd.rules.yml": 0o644,
            share / "status.schema.json": 0o644,
            root / "opt/mail/sbin/guerrilla-smtpd-migrate": 0o755,
            share / "certbot-deploy-hook": 0o755,
            root / "opt/mail/share/bash-completion/completions/guerrilla-smtpd":
                0o644,
            root / "opt/mail/share/zsh/site-functions/_guerrilla-smtpd": 0o644,
            root / "opt/mail/share/fish/vendor_completions.d"
                / "guerrilla-smtpd.fish": 0o644}.items():
        assert mode(path) == wanted, path
    for path in (root / "etc/init.d/guerrilla-smtpd",
                 root / "etc/logrotate.d/guerrilla-smtpd",
                 share / "certbot-deploy-hook",
                 lib / "systemd/system/guerrilla-smtpd.service"):
        text = path.read_text(encoding="utf-8")
        assert "/opt/mail/sbin" in text and "/usr/local/sbin" not in text
    done = subprocess.run([root / "opt/mail/sbin/guerrilla-smtpd-migrate",
                           "--help"], check=False,
                          stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0 and "--apply" in done.stdout


def test_one_account_everywhere(root):
    for path in ("etc/logrotate.d/guerrilla-smtpd",
                 "etc/guerrilla-smtpd/guerrilla-smtpd.conf",
                 "opt/mail/lib/sysusers.d/guerrilla-smtpd.conf",
                 "opt/mail/lib/tmpfiles.d/guerrilla-smtpd.conf"):
        assert "guerrilla-smtpd" in (root / path).read_text(encoding="utf-8")
    logrotate = (root / "etc/logrotate.d/guerrilla-smtpd").read_text(
        encoding="utf-8")
    assert "su guerrilla-smtpd guerrilla-smtpd\n" in logrotate
    assert 'user = "guerrilla-smtpd"\n' in (
        root / "etc/guerrilla-smtpd/guerrilla-smtpd.conf").read_text(
            encoding="utf-8")


def test_what_the_operator_changed_is_kept(root):
    for path in ("etc/guerrilla-smtpd/guerrilla-smtpd.conf",
                 "etc/logrotate.d/guerrilla-smtpd"):
        (root / path).write_text("# mine\n", encoding="utf-8")
    for target in ("install", "uninstall"):
        subprocess.run(["make", "-s", "-C", TOP, target, "-o", "all",
                        f"DESTDIR={root}", "PREFIX=/opt/mail"], check=True)
    for path in ("etc/guerrilla-smtpd/guerrilla-smtpd.conf",
                 "etc/logrotate.d/guerrilla-smtpd"):
        assert (root / path).read_text(encoding="utf-8") == "# mine\n"
    left = [path for path in glob.glob(f"{root}/**", recursive=True)
            if os.path.isfile(path)]
    assert len(left) == 2, left


def test_the_hook_of_certbot_copies_and_reloads(root, tmp_path):
    live = tmp_path / "live/mail.example.com"
    live.mkdir(parents=True)
    (live / "fullchain.pem").write_text("chain\n", encoding="utf-8")
    (live / "privkey.pem").write_text("key\n", encoding="utf-8")
    asked = tmp_path / "asked"
    folder = tmp_path / "tls"
    program = tmp_path / "program"
    program.mkdir()
    hook = (root / "opt/mail/share/guerrilla-smtpd/certbot-deploy-hook")
    hook.write_text(hook.read_text(encoding="utf-8").replace(
        "/opt/mail/sbin", str(program)), encoding="utf-8")

    def run(code):
        fake = program / "guerrilla-smtpd"
        fake.write_text(f'#!/bin/sh\necho "$*" >>{asked}\nexit {code}\n',
                        encoding="utf-8")
        fake.chmod(0o755)
        return subprocess.run([hook], check=False, env={
            "RENEWED_LINEAGE": str(live), "FOLDER": str(folder),
            "GROUP": grp.getgrgid(os.getgid()).gr_name}).returncode
    assert run(0) == 0
    assert (folder / "mail.example.com.pem").read_text() == "chain\n"
    assert (folder / "mail.example.com.key").read_text() == "key\n"
    assert mode(folder) == 0o750
    assert mode(folder / "mail.example.com.key") == 0o640
    assert sorted(os.listdir(folder)) == ["mail.example.com.key",
                                          "mail.example.com.pem"]
    assert run(4) == 0, "a service that does not run is no fault"
    assert run(5) == 5
    assert asked.read_text() == 3 * f"-c {SAMPLE} -s reload\n"


@pytest.mark.parametrize("code, status, starts", [
    (0, 0, False), (6, 0, False), (4, 3, True), (5, 4, False)])
def test_the_start_script_knows_what_status_says(root, tmp_path, code, status,
                                                 starts):
    """6: it runs, though somebody must see to something. 5: it runs, and is
    of a version that this one cannot read."""
    asked = tmp_path / "asked"
    script = root / "etc/init.d/guerrilla-smtpd"
    script.write_text(script.read_text(encoding="utf-8").replace(
        "/opt/mail/sbin", str(tmp_path)), encoding="utf-8")
    fake = tmp_path / "guerrilla-smtpd"
    fake.write_text(f'#!/bin/sh\necho "$*" >>{asked}\n'
                    f'case "$*" in *status) exit {code} ;; esac\n',
                    encoding="utf-8")
    fake.chmod(0o755)

    def run(action):
        return subprocess.run([script, action], check=False,
                              stdout=subprocess.DEVNULL).returncode
    assert run("status") == status
    assert run("start") == 0
    assert (" -d\n" in asked.read_text()) == starts
    asked.unlink()
    assert run("try-restart") == 0
    assert (" -d\n" in asked.read_text()) == (not starts)


@pytest.mark.parametrize("status, upgrade, test, code, asked", [
    (4, 0, 0, 0, "status"),
    (0, 0, 0, 0, "status upgrade"),
    (6, 0, 0, 0, "status upgrade"),
    (5, 0, 0, 0, "status upgrade"),
    (0, 5, 0, 0, "status upgrade test try-restart"),
    (0, 5, 1, 1, "status upgrade test")])
def test_a_new_program_is_restarted_only_if_it_must(
        tmp_path, status, upgrade, test, code, asked):
    """What the package of Debian and needrestart do after an update: a
    service whose configuration would not start is left running."""
    log = tmp_path / "asked"
    for name, text in {
            "guerrilla-smtpd": 'shift 2\ncase "$*" in\n'
            f'*status) echo status >>{log}; exit {status} ;;\n'
            f'*upgrade) echo upgrade >>{log}; exit {upgrade} ;;\n'
            f'-t) echo test >>{log}; exit {test} ;;\nesac\n',
            "systemctl": f'echo "$1" >>{log}\n',
            "invoke-rc.d": f'echo "$2" >>{log}\n'}.items():
        (tmp_path / name).write_text("#!/bin/sh\n" + text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [f"{TOP}/etc/debian/upgrade"], check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, stderr=subprocess.PIPE,
        text=True)
    assert done.returncode == code
    assert log.read_text(encoding="utf-8").split() == asked.split()
    assert ("goes on" in done.stderr) == (code != 0)


@pytest.mark.parametrize("named", [SAMPLE, "/srv/other.conf"])
def test_the_turned_log_is_opened_again(root, tmp_path, named):
    """Of the service with the configuration that /etc/default names."""
    asked = tmp_path / "asked"
    default = tmp_path / "default"
    if named != SAMPLE:
        default.write_text(f"config={named}\n", encoding="utf-8")
    text = (root / "etc/logrotate.d/guerrilla-smtpd").read_text(
        encoding="utf-8").replace("/opt/mail/sbin", str(tmp_path)).replace(
            "/etc/default/guerrilla-smtpd", str(default))
    script = text[text.index("postrotate") + 10:text.index("endscript")]
    # Removed: it complains to nobody, day by day.
    done = subprocess.run(["sh", "-c", script], check=True,
                          stderr=subprocess.PIPE)
    assert done.stderr == b""
    fake = tmp_path / "guerrilla-smtpd"
    fake.write_text(f'#!/bin/sh\necho "$*" >{asked}\n', encoding="utf-8")
    fake.chmod(0o755)
    subprocess.run(["sh", "-c", script], check=True)
    assert asked.read_text(encoding="utf-8") == f"-c {named} -s reopen\n"


def test_one_file_names_another_configuration(root):
    for path in ("etc/init.d/guerrilla-smtpd",
                 "etc/logrotate.d/guerrilla-smtpd",
                 "opt/mail/share/guerrilla-smtpd/certbot-deploy-hook"):
        text = (root / path).read_text(encoding="utf-8")
        assert ". /etc/default/guerrilla-smtpd\n" in text, path
    unit = (root / "opt/mail/lib/systemd/system/guerrilla-smtpd.service"
            ).read_text(encoding="utf-8")
    assert "EnvironmentFile=-/etc/default/guerrilla-smtpd\n" in unit
    for line in re.findall("(?m)^Exec.*$", unit):
        assert " -c ${config}" in line, line


def test_a_bug_report_names_nobody(tmp_path):
    script = tmp_path / "script"
    with open(f"{TOP}/etc/debian/guerrilla-smtpd.bug-script",
              encoding="utf-8") as file:
        text = file.read()
    assert "PATH=/usr/sbin:" in text, "not in everybody's PATH"
    config = tmp_path / "mine.conf"
    config.touch()
    (tmp_path / "default").write_text(f"config={config}\n", encoding="utf-8")
    script.write_text(text.replace("PATH=", f"PATH={tmp_path}:").replace(
        "/etc/default/guerrilla-smtpd", str(tmp_path / "default")),
        encoding="utf-8")
    (tmp_path / "guerrilla-smtpd").write_text(f"""#!/bin/sh
echo "secret of standard error" >&2
case "$*" in
--version) echo guerrilla-smtpd 9 ;;
"-c {config} -s status")
	echo 'database     secret.example.org and others, 2 of 2 workers'
	echo 'last error   0:00:01 ago: secret host'
	exit 6 ;;
"-T -c {config}")
	printf 'workers = 2\\nmysql {{\\n\\tpassword = "secret"\\n'
	printf '\\thosts = {{"secret"}}\\n}}\\n' ;;
*) echo 'workers = 2' ;;
esac
""", encoding="utf-8")
    for path in (script, tmp_path / "guerrilla-smtpd"):
        path.chmod(0o755)
    said = subprocess.run(f"{script} 3>&1", shell=True, check=True, text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout
    assert "secret" not in said
    for words in ("guerrilla-smtpd 9\n", "Exit code 6\n", "password\n",
                  "database     up, 2 of 2 workers\n",
                  "last error   0:00:01 ago\n"):
        assert words in said
    assert "\nworkers\n" not in said, "as in the sample"


@pytest.fixture(name="deb")
def deb_with_no_build(tmp_path):
    """scripts/deb, up to where Debian's tools are called."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "dpkg-buildpackage").write_text(
        '#!/bin/sh\nenv >../env\n>../guerrilla-smtpd_9.deb\n',
        encoding="utf-8")
    (tools / "dpkg-buildpackage").chmod(0o755)

    def run(folder, umask, **settings):
        return subprocess.run(
            [f"{TOP}/scripts/deb", "9"], check=False, umask=umask,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
                 "DEB_FOLDER": str(folder), **settings})
    return run


@pytest.mark.skipif(not os.path.exists(f"{TOP}/.git"),
                    reason="the package is made of what is committed")
def test_the_source_of_the_package_is_the_commit_alone(deb, tmp_path):
    assert deb(tmp_path / "one", 0o022).returncode == 0
    other = tmp_path / "other"
    # As a build of another version left it, in a folder of others.
    (other / "guerrilla-smtpd-9/debian").mkdir(parents=True)
    (other / "guerrilla-smtpd_8.deb").touch()
    (other / "mine").touch()
    assert deb(other, 0o077, TZ="Asia/Tokyo", CFLAGS="-O0", SYSCONFDIR="/x",
               MAKEFLAGS="-n", GIT_CONFIG_COUNT="1",
               GIT_CONFIG_KEY_0="tar.umask",
               GIT_CONFIG_VALUE_0="user").returncode == 0
    name = "guerrilla-smtpd_9.orig.tar.gz"
    assert (tmp_path / "one" / name).read_bytes() == \
        (other / name).read_bytes()
    assert (other / "mine").exists()
    assert not (other / "guerrilla-smtpd_8.deb").exists()
    settings = (other / "env").read_text(encoding="utf-8")
    assert "-O0" not in settings and "SYSCONFDIR" not in settings \
        and "MAKEFLAGS" not in settings


def test_without_a_clone_there_is_no_package(deb, tmp_path):
    folder = tmp_path / "mine"
    done = deb(folder, 0o022, GIT_DIR=str(tmp_path))
    assert done.returncode == 1 and "it needs a clone" in done.stdout
    assert not folder.exists()


@pytest.mark.parametrize("file, is_left", [
    (None, False), ("tmp/half", False), ("lock", False), ("earlier", True),
    ("new/a", True), ("damaged/a", True), ("refused/a", True)])
def test_a_purge_leaves_mail_and_nothing_else(tmp_path, file, is_left):
    with open(f"{TOP}/etc/debian/guerrilla-smtpd.postrm",
              encoding="utf-8") as postrm:
        script = re.sub(r"(?<=[ =\t])/(var|etc|run)/", rf"{tmp_path}/\1/",
                        postrm.read())
    assert not re.search(rf"[ =\t](?!{tmp_path}/)/", script)
    spool = tmp_path / "var/spool/guerrilla-smtpd"
    for folder in ("tmp", "new", "damaged", "refused"):
        (spool / folder).mkdir(parents=True)
    (spool / "earlier").touch()
    if file is not None:
        (spool / file).write_text("/srv/spool\n", encoding="utf-8")
    done = subprocess.run(["sh", "-c", script, "postrm", "purge"], check=True,
                          stderr=subprocess.PIPE, text=True)
    assert spool.exists() == is_left
    assert ("mail that no database has" in done.stderr) == is_left
    if is_left:
        assert (spool / file).exists()
