# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration file from a dictionary: {"store.hold": 2, ...}."""


def quoted(value):
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def assignment(key, value):
    if isinstance(value, (list, tuple)):
        return f"{key} = {{{', '.join(quoted(v) for v in value)}}}\n"
    return f"{key} = {quoted(value)}\n"


def render(settings, listeners, extra=""):
    """settings: keys as in guerrilla-smtpd.conf(5), section.key within a
    section. listeners: {"127.0.0.1:2525": {"tls": "off"}}. extra: as it is."""
    text = ""
    sections = {}
    for key, value in settings.items():
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, []).append(assignment(name, value))
        else:
            text += assignment(key, value)
    for name, options in listeners.items():
        inside = "".join(assignment(k, v) for k, v in options.items())
        text += f"listen {quoted(name)} {{\n{inside}}}\n"
    for section, assignments in sections.items():
        text += f"{section} {{\n{''.join(assignments)}}}\n"
    return text + extra
