#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares rows with what Python's email package reads in the same messages:
generated ones of many charsets, encodings and shapes. Where the rule of the
rows differs from the package's on purpose, the rule is written out here.

    compare.py MIME_ROW [COUNT [SEED]]"""
import base64
import email
import email._parseaddr
import email.header
import email.policy
import quopri
import random
import re
import subprocess
import sys
import tempfile
import os

TEXTS = {
    "us-ascii": "Plain words, and = signs.\nSecond line\n",
    "utf-8": "Grüße aus Köln, \u0442\u0435\u0441\u0442 \u4f60\u597d \U0001f600\n",
    "iso-8859-1": "Élève à la crème brûlée\n",
    "iso-8859-2": "Příliš žluťoučký kůň\n",
    "iso-8859-5": "Съешь ещё этих мягких\n",
    "iso-8859-7": "Ξεσκεπάζω την ψυχοφθόρα\n",
    "iso-8859-8": "דג סקרן שט בים\n",
    "iso-8859-9": "Pijamalı hasta yağız\n",
    "iso-8859-13": "Įlinkdama fechtuotojo\n",
    "iso-8859-15": "Œuvre à 5 €\n",
    "windows-1250": "Příliš žluťoučký kůň „úpěl“\n",
    "windows-1251": "Съешь ещё этих мягких — «булок»\n",
    "windows-1252": "Smart “quotes” – and €\n",
    "windows-1253": "Ξεσκεπάζω την ψυχοφθόρα\n",
    "windows-1254": "Pijamalı hasta “yağız”\n",
    "windows-1255": "דג סקרן שט בים\n",
    "windows-1256": "نص حكيم له سر قاطع\n",
    "windows-1257": "Įlinkdama fechtuotojo\n",
    "koi8-r": "Съешь ещё этих мягких\n",
    "koi8-u": "Щастям б’єш жук\n".replace("’", "'"),
    "gb2312": "你好，世界\n",
    "gbk": "你好，世界，朱镕基\n",
    "gb18030": "你好，世界 \U0001f600\n",
    "big5": "你好，世界\n",
    "euc-kr": "안녕하세요 세계\n",
    "ks_c_5601-1987": "안녕하세요\n",
    "cp949": "똠방각하 펲시콜라\n",
    "iso-2022-kr": "안녕하세요 세계\n",
    "shift_jis": "こんにちは、世界 ｱｲｳ\n",
    "euc-jp": "こんにちは、世界\n",
    "iso-2022-jp": "こんにちは、世界\n",
    "utf-7": "Grüße \u4f60\u597d\n",
    "utf-16": "Grüße \u4f60\u597d\n",
    "utf-16le": "Grüße\n",
    "utf-16be": "Grüße\n",
    "hz-gb-2312": "你好，世界\n",
    "tis-620": "สวัสดี\n",
    "cp437": "Élève ñ ß\n",
    "cp850": "Élève ñ ß ø\n",
    "cp866": "Съешь ещё\n",
    "macintosh": "Élève ñ ß\n",
    "x-mac-cyrillic": "Съешь ещё\n",
}
PYTHON = {"ks_c_5601-1987": "cp949", "macintosh": "mac-roman",
          "x-mac-cyrillic": "mac-cyrillic", "hz-gb-2312": "hz",
          "tis-620": "cp874"}
SUBTYPES = ("plain", "html")


def codec(charset):
    return PYTHON.get(charset, charset)


def words(rng, charset):
    """A header value in encoded words, and its text."""
    text = TEXTS[charset].split("\n")[0]
    form = rng.choice("bBqQ")
    # The package keeps ISO-2022 states apart as we do: one word each.
    parts = [text]
    if rng.random() < .5:
        parts = re.findall(r"\S+\s*", text)
    out = []
    for part in parts:
        data = part.encode(codec(charset))
        if form in "bB":
            coded = base64.b64encode(data).decode()
        else:
            coded = "".join(
                "_" if byte == 0x20 else chr(byte)
                if chr(byte).isascii() and chr(byte).isalnum()
                else f"={byte:02{rng.choice('Xx')}}" for byte in data)
        out.append(f"=?{charset}?{form}?{coded}?=")
    return rng.choice([" ", "\n ", "\n\t"]).join(out), text


def leaf(rng, subtype, charset, empty=False):
    text = TEXTS[charset]
    if subtype == "html":
        text = f"<p>{text}</p>\n"
    if empty:
        text = rng.choice(["\n", "<p> </p>\n"]) if subtype == "html" else "\n"
    data = text.encode(codec(charset))
    coding = rng.choice(["base64", "quoted-printable", "8bit", "none"])
    if charset.startswith("utf-16"):
        coding = "base64"
    fields = [f'Content-Type: text/{subtype}; charset="{charset}"']
    if coding == "base64":
        data = base64.encodebytes(data)
    elif coding == "quoted-printable":
        data = quopri.encodestring(data)
        if rng.random() < .3:
            data = re.sub(rb"=[0-9A-F]{2}", lambda m: m[0].lower(), data)
    if coding != "none":
        fields.append("Content-Transfer-Encoding: " + rng.choice(
            [coding, coding.upper(), coding.title()]))
    return fields, data


def attachment(rng):
    data = base64.encodebytes(bytes(rng.randrange(256) for _ in range(99)))
    return [rng.choice(["Content-Type: application/pdf",
                        "Content-Type: text/plain; charset=utf-8",
                        "Content-Type: text/html"]),
            "Content-Transfer-Encoding: base64",
            'Content-Disposition: attachment; filename="a b.bin"'], data


def forwarded(rng):
    return ["Content-Type: message/rfc822"], (
        b"From: inner@example.org\nSubject: inner\n"
        b"Content-Type: text/html\n\n<p>inner</p>\n")


def multipart(rng, depth):
    kind = rng.choice(["mixed", "alternative", "related", "signed", "report",
                       "parallel"])
    boundary = "=_" + "".join(rng.choice("abcXYZ019'()+_,-./:=?")
                              for _ in range(rng.randrange(1, 40))) + "x"
    parts = [entity(rng, depth + 1) for _ in range(rng.randrange(1, 4))]
    data = b""
    if rng.random() < .3:
        data += b"This is a multi-part message.\n"
    for fields, body in parts:
        data += f"--{boundary}\n".encode()
        data += "".join(f + "\n" for f in fields).encode() + b"\n" + body
        if not body.endswith(b"\n") or rng.random() < .5:
            data += b"\n"
    if rng.random() < .9:
        data += f"--{boundary}--\n".encode()
        if rng.random() < .3:
            data += b"epilogue\n"
    return [f'Content-Type: multipart/{kind};\n\tboundary="{boundary}"'], data


def entity(rng, depth):
    roll = rng.random()
    if depth < 4 and roll < (.6 if depth == 0 else .25):
        return multipart(rng, depth)
    if depth > 0 and roll > .8:
        return attachment(rng)
    if depth > 0 and roll > .75:
        return forwarded(rng)
    charset = rng.choice(list(TEXTS))
    return leaf(rng, rng.choice(SUBTYPES), charset, rng.random() < .15)


def message(rng):
    charset = rng.choice([c for c in TEXTS
                          if not c.startswith(("utf-16", "iso-2022-kr"))])
    subject, _ = words(rng, charset)
    name, _ = words(rng, rng.choice(["utf-8", "iso-8859-1", "koi8-r"]))
    address = rng.choice(["joe@example.org", "Joe.Doe@Mail.Example.ORG",
                          "a+b=c@x.example"])
    form = rng.choice(["{a}", "<{a}>", "{n} <{a}>", '"Doe, Joe" <{a}>',
                       "{a} (a comment)", "Joe <{a}>, other@example.org",
                       "{n}\n <{a}>"])
    fields, body = entity(rng, 0)
    head = ["From: " + form.format(a=address, n=name),
            "To: you@example.com", "Subject: " + subject]
    rng.shuffle(head)
    head += fields
    return "".join(h + "\n" for h in head).encode() + b"\n" + body


# ---- what the package reads, by the rule of the rows -------------------------

def decoded_header(value):
    out = ""
    for data, charset in email.header.decode_header(
            re.sub(r"\r?\n(?=[ \t])", "", str(value))):
        out += data if isinstance(data, str) else data.decode(
            codec(charset or "ascii"), "replace")
    return out.replace("\t", " ").strip()


def leaves(part, within=False):
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for sub in part.get_payload():
            yield from leaves(sub, within)
    elif part.get_content_type() == "message/rfc822" and part.is_multipart():
        yield from leaves(part.get_payload(0), True)
    else:
        yield part, within


def text_of(part):
    data = part.get_payload(decode=True) or b""
    charset = part.get_content_charset("utf-8")
    if charset == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16le"
    return data.decode(codec(charset), "replace").replace("\0", "")


def is_empty(part, text):
    if part.get_content_subtype() == "html":
        text = re.sub(r"<[^>]*>", "", text)
    return not text.strip()


def choose(parts):
    for kind in ("text/html", "text/plain"):
        for part in parts:
            if part.get_content_type() == kind and \
                    part.get_content_disposition() != "attachment":
                text = text_of(part)
                if not is_empty(part, text):
                    return part, text
    return None


def row(data):
    mail = email.message_from_bytes(data, policy=email.policy.compat32)
    found = list(leaves(mail))
    best = choose([p for p, within in found if not within]) or \
        next(((p, text_of(p)) for p, within in found
              if not within and p.get_content_type() == "text/html"
              and p.get_content_disposition() != "attachment"
              and text_of(p).strip()), None) or \
        choose([p for p, within in found if within])
    part, text = best if best else (None, "")
    return {
        "from": email._parseaddr.AddressList(re.sub(
            r"\r?\n(?=[ \t])", "", mail["From"])).addresslist[0][1].lower(),
        "subject": decoded_header(mail["Subject"]),
        "content_type": part.get_content_type() if part else "",
        "charset": part.get_content_charset("utf-8") if part else "",
        "has_attach": "1" if any(
            p.get_content_disposition() == "attachment" or p.get_filename()
            or p.get_content_maintype() != "text" for p, _ in found) else "0",
        "body": text,
    }


def rows_of(program, paths):
    output = subprocess.run([program, "-0", *paths], check=True,
                            stdout=subprocess.PIPE).stdout
    rows, fields = [], output.split(b"\0")
    current = {}
    at = 0
    while at < len(fields) - 1:
        if fields[at] == b"":
            rows.append(current)
            current = {}
            at += 1
            continue
        current[fields[at].decode()] = fields[at + 1].decode()
        at += 2
    return rows


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 4)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        paths, expected = [], []
        for n in range(count):
            data = message(rng)
            path = os.path.join(folder, f"{n}.eml")
            with open(path, "wb") as file:
                file.write(data)
            paths.append(path)
            expected.append(row(data))
        got = []
        for at in range(0, count, 500):
            got += rows_of(program, paths[at:at + 500])
        for path, want, have in zip(paths, expected, got):
            # Who the last line end before a lost delimiter belongs to is
            # a matter of taste.
            wrong = [k for k in want
                     if want[k].rstrip("\n") != have[k].rstrip("\n")]
            if not wrong:
                continue
            failed += 1
            if failed <= 5:
                with open(path, encoding="latin-1") as file:
                    print(file.read())
                for key in wrong:
                    print(f"{key}: {have[key]!r}\n  not: {want[key]!r}")
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed or len(got) != count else 0


if __name__ == "__main__":
    sys.exit(main())
