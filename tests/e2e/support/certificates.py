# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-signed certificates that the server's own account can read."""
import grp
import os
import shutil
import ssl
import subprocess
import tempfile


AUTHORITY = """[ca]
default_ca = desk
[desk]
database = {desk}/index
serial = {desk}/serial
new_certs_dir = {desk}
default_md = sha256
policy = any
[any]
commonName = supplied
"""


KEYS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        "rsa": ["-newkey", "rsa:2048"]}


class Certificate:
    """certificate.crt and .key in folder, named name, valid for these
    names; .context() is a client's, which trusts nothing else."""

    def __init__(self, folder, name, hosts=("mail.example.com",), days=30,
                 key="ec"):
        self.folder = folder
        self.file = os.path.join(folder, f"{name}.crt")
        self.key = os.path.join(folder, f"{name}.key")
        names = ",".join([f"DNS:{host}" for host in hosts] +
                         ["IP:127.0.0.1"])
        subprocess.run(
            ["openssl", "req", "-x509", *KEYS[key], "-nodes", "-days", str(days),
             "-subj", f"/CN={hosts[0]}", "-addext",
             f"subjectAltName={names}", "-keyout", self.key, "-out",
             self.file], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.protect()

    def expire(self):
        """The same once more, with an end that is past."""
        with tempfile.TemporaryDirectory() as desk:
            for name, text in (("index", ""), ("serial", "01\n"),
                               ("conf", AUTHORITY.format(desk=desk))):
                with open(f"{desk}/{name}", "w", encoding="ascii") as file:
                    file.write(text)
            subprocess.run(
                ["openssl", "ca", "-batch", "-config", f"{desk}/conf",
                 "-ss_cert", self.file, "-cert", self.file, "-keyfile",
                 self.key, "-startdate", "20200101000000Z", "-enddate",
                 "20200201000000Z", "-out", self.file, "-notext"],
                check=True, stderr=subprocess.DEVNULL)
        self.protect()

    def protect(self):
        """Readable by the group of the account that the server becomes."""
        os.chmod(self.file, 0o644)
        os.chmod(self.key, 0o640)
        if os.geteuid() == 0:
            os.chown(self.key, 0, grp.getgrnam("nogroup").gr_gid)

    def replace_by(self, other):
        """Puts another certificate where this one is."""
        shutil.copyfile(other.file, self.file)
        shutil.copyfile(other.key, self.key)

    @property
    def der(self):
        with open(self.file, encoding="ascii") as file:
            return ssl.PEM_cert_to_DER_cert(file.read())

    def context(self):
        return ssl.create_default_context(cafile=self.file)

    def settings(self, **more):
        return {"tls.certificate": self.file, "tls.key": self.key, **more}


def blind_context(version=None):
    """A client that believes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context
