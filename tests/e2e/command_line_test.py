# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator types: flags, exit codes, what is printed where."""
import json
import os
import pwd
import re
import socket
import subprocess

import pytest

from support.mariadb import TOP
from support.server import PROGRAM, Server, open_folder
from support.waiting import wait_for

# "nobody" would be warned of.
ACCOUNT = "daemon"
GOOD = ('domains = {"example.com"} hostname = "mail.example.com"\n'
        f'mysql {{ database = "mail" }} user = "{ACCOUNT}"\n')
HINT = "Try 'guerrilla-smtpd -h'."


def run(*arguments, cwd=None):
    return subprocess.run([PROGRAM, *arguments], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, check=False)


@pytest.fixture
def folder():
    path = open_folder()
    yield path
    subprocess.run(["rm", "-rf", path], check=True)


@pytest.fixture
def write(folder):
    def put(text, name="test.conf", mode=0o644):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path
    return put


@pytest.mark.parametrize("arguments, why", [
    (["-x"], "unknown option: -x"),
    (["--what"], "unknown option: --what"),
    (["mail"], "unexpected argument: mail"),
    (["-p"], "needs a value: port"),
    (["-p", "70000"], "not a port: 70000"),
    (["-s", "restart"], "not one of status, top, reload, reopen, upgrade, "
     "pause, resume, spool, replay, stop, kill: restart"),
    (["--json"], "goes with -s status: --json"),
    (["-t", "--wide"], "goes with -s status: --wide"),
])
def test_wrong_usage_is_2_with_a_hint(arguments, why):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == f"guerrilla-smtpd: {why}\n{HINT}\n"


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(flag):
    done = run(flag)
    assert done.returncode == 0
    assert re.fullmatch(r"guerrilla-smtpd \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_flag(flag):
    done = run(flag)
    assert done.returncode == 0
    for name in "cpvldtTsVh":
        assert f"  -{name}, --" in done.stdout
    assert "--json" in done.stdout


@pytest.mark.parametrize("flag", ["-t", "--test"])
def test_a_good_file_is_ok(write, flag):
    path = write(GOOD)
    done = run(flag, "-c", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{path}: OK: ")


def test_all_faults_in_one_run(write):
    path = write(GOOD + "colour = 1\nlimits {\n  memory = 1x\n}\n"
                 "workers = 2\nworkers = 3\ngroup = {\n")
    done = run("-t", "-c", path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{path}:3: colour: unknown key",
        f'{path}:5: limits.memory: "1x" is not a size (a number, with K, M '
        "or G)",
        f"{path}:8: workers: given twice, first in {path}:7",
        f"{path}:10: syntax error: a value was expected, but the file ends",
        "4 faults"]


def test_what_is_missing_altogether_is_named(write):
    path = write('domains = {"example.com"}\nhostname = "mail"\n'
                 f'user = "{ACCOUNT}"\n')
    done = run("-t", "-c", path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"{path}:1: mysql.database: missing, as all of section mysql: no "
        "mail can be stored",
        f'{path}:2: hostname: "mail" has no dot: a full name belongs in the '
        "greeting and in Received"]
    path = write(GOOD + 'log { target = "/nowhere/at/all/log" }\n')
    done = run("-t", "-c", path)
    assert done.returncode == 1
    assert re.search(r"log.target: /nowhere/at/all: No such file or directory;"
                     r" as root: install -d -m 0750 -o daemon /nowhere/at/all",
                     done.stderr)


def test_the_log_warns_of_a_doubtful_configuration(start_server):
    server = start_server({"hostname": "short"})
    server.await_log("has no dot")
    server.set(hostname="mail.example.com", mysql__database="")
    assert server.run("-s", "reload").returncode == 0
    server.await_log("mysql.database: missing: no mail can be stored")


@pytest.mark.parametrize("arguments", [["-t"], ["-T"], [], ["-s", "stop"]])
def test_a_file_that_is_not_there_is_1(folder, arguments):
    path = os.path.join(folder, "none.conf")
    done = run(*arguments, "-c", path)
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert path in done.stderr


def test_a_fault_at_start_is_1(write):
    path = write("workers = x\n")
    done = run("-c", path)
    assert done.returncode == 1
    assert f"{path}:1: workers: " in done.stderr
    assert f"{path}:1: domains: missing" in done.stderr


def test_the_effective_configuration_can_be_read_again(write):
    path = write(GOOD + "limits { message_size = 1M }\n"
                 "mysql { password = 'top secret' }\n", mode=0o640)
    done = run("-T", "-c", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\tmessage_size = 1M\n" in done.stdout
    assert "\tmime_depth = 32\n" in done.stdout
    assert '\tpassword = ""\n' in done.stdout
    assert "secret" not in done.stdout
    again = run("--print", "--config", write(done.stdout, "again.conf"))
    assert again.stdout == done.stdout


def test_the_port_goes_before_the_listeners(write):
    path = write(GOOD + 'listen "127.0.0.1:9" { }\n')
    done = run("-T", "-c", path, "-p", "2525")
    assert 'listen "0.0.0.0:2525" {' in done.stdout
    assert "127.0.0.1:9" not in done.stdout


def test_the_log_is_where_l_says(write, folder):
    path = write(GOOD)
    for arguments, target in ((["-l"], "./log.txt"), (["-l", "-v"],
                              "./log.txt"), (["-l", "x.log"], "x.log")):
        done = run("-T", "-c", path, *arguments)
        assert f'\ttarget = "{target}"\n' in done.stdout
    assert os.listdir(folder) == ["test.conf"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_what_only_root_can_read_is_a_fault(write):
    path = write(GOOD, mode=0o600)
    done = run("-t", "-c", path)
    assert done.returncode == 1
    assert f"cannot read {path}: Permission denied" in done.stderr
    assert re.search(rf"as root: chgrp \w+ {path}; chmod 0640 {path}",
                     done.stderr)
    password = write("secret\n", "password", 0o600)
    path = write(GOOD + f'mysql {{ password_file = "{password}" }}\n')
    done = run("-t", "-c", path)
    assert done.returncode == 1
    assert f"{path}:3: mysql.password_file: cannot read" in done.stderr
    os.chown(password, -1, pwd.getpwnam(ACCOUNT).pw_gid)
    os.chmod(password, 0o640)
    assert run("-t", "-c", path).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_folder_that_is_closed_is_named(write, folder):
    """certbot's way: live/ has links into archive/, both for root alone."""
    for name in ("live", "archive"):
        os.mkdir(os.path.join(folder, name), 0o755)
    live, archive = (os.path.join(folder, name) for name in ("live",
                                                             "archive"))
    write("secret\n", "archive/password1", 0o640)
    os.chown(f"{archive}/password1", -1, pwd.getpwnam(ACCOUNT).pw_gid)
    os.symlink("../archive/password1", f"{live}/password")
    path = write(GOOD + f'mysql {{ password_file = "{live}/password" }}\n')
    assert run("-t", "-c", path).returncode == 0
    for closed in (archive, live):
        os.chmod(closed, 0o700)
        done = run("-t", "-c", path)
        assert done.returncode == 1
        assert re.search(
            f"Permission denied: the folder {closed} is closed; as root: "
            rf"chgrp \w+ {closed}; chmod g\+x {closed}", done.stderr)


def test_the_database_is_tried_when_asked(start_server, database):
    server = start_server({"user": ACCOUNT, "recipient_query": "SELECT 1 FROM "
                           "new_mail WHERE recipient = ?"})
    good = server.run("-t", "--database")
    assert (good.returncode, good.stderr) == (0, "")
    assert re.search(rf"takes mail into {database.name}\.new_mail$",
                     good.stdout, re.MULTILINE)

    def fault(**settings):
        server.set(**settings)
        assert server.run("-t").returncode == 0
        done = server.run("-t", "--database")
        assert done.returncode == 1
        return done.stderr
    assert "recipient_query: error 1146: " in fault(
        recipient_query="SELECT 1 FROM nothing WHERE a = ?")
    assert "domains_query: error 1064: " in fault(
        recipient_query="", domains_query="SELECT FROM")
    assert "blocked_senders_query: error 1064: " in fault(
        domains_query="", blocked_senders_query="SELECT FROM")
    assert (f"there is no table {database.name}.old_mail, or no right to see "
            "it") in fault(blocked_senders_query="", mysql__table="old_mail")
    assert "error 1045: Access denied" in fault(mysql__table="new_mail",
                                                mysql__user="stranger")
    assert "error 2002: " in fault(mysql__socket="/nowhere/socket")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_folders_that_the_account_cannot_write_are_named(folder, write,
                                                         database):
    os.mkdir(os.path.join(folder, "logs"), 0o755)
    path = write(f"""hostname = "mail.example.com" domains = {{"example.com"}}
user = "{ACCOUNT}"
mysql {{
    socket = "{database.mariadb.socket}" user = "guerrilla"
    database = "{database.name}"
}}
store {{ on_outage = "spool" spool_dir = "{folder}" }}
log {{ target = "{folder}/logs/log" }}
""")
    done = run("-t", "--database", "-c", path)
    assert done.returncode == 1
    for key, closed in (("store.spool_dir", folder),
                        ("log.target", folder + "/logs")):
        assert (f"{key}: daemon cannot write in {closed}: Permission denied; "
                f"as root: chown daemon {closed}") in done.stderr
        os.chmod(closed, 0o777)
    assert run("-t", "--database", "-c", path).returncode == 0


@pytest.mark.parametrize("verb", ["reload", "stop", "kill", "reopen",
                                  "upgrade", "status"])
def test_nobody_to_speak_to_is_4(write, folder, verb):
    done = run("-s", verb, "-c", write(GOOD + f'run_dir = "{folder}"\n'))
    assert done.returncode == 4
    assert "not running" in done.stderr


def test_status_is_a_table_and_json(start_server):
    server = start_server()
    server.await_log(" ready version=")
    table = server.run("-s", "status")
    assert table.returncode == 0
    assert re.match(r"guerrilla-smtpd [\d.]+: master \d+, up 0:00:\d\d, "
                    r"generation 1\nAll is well.\ndatabase ", table.stdout)
    assert all(len(line) <= 80 for line in table.stdout.splitlines())
    rows = table.stdout.partition("\n\n")[2].splitlines()
    assert rows[0].split()[:3] == ["PROCESS", "PID", "STATE"]
    names = {row[:8].strip() for row in rows[1:]}
    assert {"master", "worker 1", "worker 2", "janitor",
            "logger"} <= names
    wide = server.run("-s", "status", "--wide").stdout
    assert "GEN" in wide and "LAST ERROR" in wide
    scoreboard = json.loads(server.run("-s", "status", "--json").stdout)
    assert scoreboard["faults"] == []
    assert scoreboard["pid"] == server.process.pid
    assert scoreboard["generation"] == 1
    assert 0 < scoreboard["uptime"] < 60
    workers = [p for p in scoreboard["processes"] if p["role"] == "worker"]
    assert [w["state"] for w in workers] == ["ready", "ready"]
    assert workers[0]["counters"]["connections"] >= 0
    assert all(p["pid"] > 0 for p in scoreboard["processes"])


def test_another_master_is_named(start_server, write, folder):
    server = start_server()
    done = server.run("-s", "reload")
    assert done.returncode == 0
    done = run("-s", "reload", "-c", write(GOOD + f'run_dir = "{folder}"\n'))
    assert done.returncode == 4
    lines = done.stderr.splitlines()
    assert lines[0] == ("guerrilla-smtpd: not running: nobody holds "
                        f"{folder}/pid")
    assert (f"process {server.pid} is a master, with pid file "
            f"{server.run_dir}/pid") in lines


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another account")
def test_an_ordinary_user_hears_why(start_server):
    server = start_server({"workers": 1})
    for verb, why in (("status", f"cannot read {server.run_dir}/scoreboard: "
                       "Permission denied; ask as root or as the service's "
                       "account"),
                      ("reload", f"process {server.pid} runs, but "
                       f"{server.run_dir}/control does not answer: "
                       "Permission denied")):
        done = subprocess.run(
            ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups",
             *server.arguments("-s", verb)], check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 5
        assert why in done.stderr


def test_verbs_work_though_the_file_has_been_broken(start_server):
    server = start_server()
    good = server.run("-s", "reload")
    assert good.returncode == 0
    with open(server.config, encoding="utf-8") as file:
        text = file.read()
    server.write_config("colour = 1\nuser = \"unclosed\n" + text)
    refused = server.run("-s", "reload")
    assert refused.returncode == 5
    assert "colour: unknown key" in refused.stderr
    assert server.run("-s", "status").returncode == 0
    assert server.run("-s", "stop").returncode == 0
    wait_for(lambda: server.process.poll() is not None, 10, "the end")
    assert server.process.returncode == 0
    assert server.run("-s", "status").returncode == 4
    server.write_config(text)


def test_the_console_gets_what_v_adds():
    server = Server(None)
    log = os.path.join(server.folder, "own.log")
    os.chmod(server.folder, 0o777)
    try:
        server.start("-v", "-l", log)
        server.await_log(" ready version=")
        server.run("-s", "stop")
        server.process.wait(20)
        with open(log, encoding="utf-8") as file:
            written = file.read()
        assert " ready version=" in written and " debug " in written
        assert " debug " in server.log()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        subprocess.run(["rm", "-rf", server.folder], check=True)


def test_d_comes_back_when_the_service_is_ready(database):
    server = Server(database)
    try:
        server.set(log__target=os.path.join(server.folder, "own.log"))
        os.chmod(server.folder, 0o777)
        done = subprocess.run(
            [PROGRAM, "-d", "-c", os.path.basename(server.config)],
            cwd=server.folder, timeout=30, check=False)
        assert done.returncode == 0
        with socket.create_connection(("127.0.0.1", server.port), 5) as s:
            assert s.recv(3) == b"220"
        assert server.run("-s", "reload").returncode == 0
        second = server.run()
        assert second.returncode == 3
        assert re.search(r"\d+", second.stderr)
    finally:
        stopped = server.run("-s", "stop")
        subprocess.run(["rm", "-rf", server.folder], check=True)
    assert stopped.returncode == 0


def test_a_start_that_fails_is_3(folder, write):
    os.chmod(folder, 0o777)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        path = write(GOOD + f'listen "127.0.0.1:{port}" {{ }}\n'
                     f'run_dir = "{folder}/run"\n')
        for flag in ([], ["-d"]):
            done = run("-c", path, *flag)
            assert done.returncode == 3
            assert f"127.0.0.1:{port}" in done.stderr


def test_the_manuals_are_clean():
    pages = [os.path.join(TOP, page) for page in (
        "src/guerrilla-smtpd.8", "src/config/guerrilla-smtpd.conf.5")]
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages],
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.stdout == ""
