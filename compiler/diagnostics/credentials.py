"""Recognise credentials in text by the name before them, by their form, and by their randomness.

Every pattern takes linear time, because the author of a tree chooses the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

_WORDS = (
    r"(?:passw|passphrase|pwd|(?<![a-z])(?:pass|pw)(?![a-z])|secret|token|credential|private"
    r"|api[-_]?key|access[-_]?key|auth[-_]?key|signing[-_]?key)"
)
# A name that suggests a credential, and the scalar after it, in block or flow style. It begins at the
# telling word: a pattern for the letters before it would try each of them again at each other.
_CREDENTIAL = re.compile(
    rf"(?i)({_WORDS}[\w.-]{{0,64}}[\"'`]?\s{{0,8}}[:=](?!`)\s{{0,8}})"
    r"((?:\"[^\"]*\"?)|(?:'[^']*'?)|[^\s{}\[\],][^{}\[\],]*)"
)
# A list after such a name, and a value in braces after it or after a variable's name or a patch's path.
_LIST = re.compile(rf"(?i)({_WORDS}[\w.-]{{0,64}}[\"']?\s{{0,8}}:\s{{0,8}})(\[[^\]]*\]?)")
_IN_BRACES = re.compile(
    rf"(?i)({_WORDS}[\w.~-]{{0,64}}[\"']?(?:\s{{0,8}}:\s{{0,8}}\{{|,)\s{{0,8}}value\s{{0,8}}:\s{{0,8}})"
    r"((?:\"[^\"]*\"?)|(?:'[^']*'?)|\[[^\]]*\]?|[^\s{}\[\],][^{}\[\],]*)"
)
# The same as an option of a program (`--password X`, as a list too), in a sentence, and of MySQL.
_OPTION = re.compile(
    rf"(?i)(?<![\w-])(-{{1,2}}[\w-]{{0,32}}?{_WORDS}[\w-]{{0,32}}[\"'`]?[,\s]\s{{0,8}})([^\s{{}}\[\],]+)"
)
_SENTENCE = re.compile(r"(?i)\b((?:password|passwd|pw|token|secret)\s(?:is|are)\s)(\S+)")
_COMMENT = re.compile(r"(?i)(#[^\n]{0,120}?\b(?:password|passwd|pass|pw)\s{1,8})([^\s:=]+)")
# Options and headers of programs, in a command line or in a list of words. `-port` is no password.
_MYSQL = re.compile(
    r"\b((?i:mysql|mariadb)\w{0,16}[^\n]{0,120}?[\s,]\s?[\"']?-p)"
    r"(?!(?:ort|ath|refix|rofile|rotocol|rint|lugin|id)s?\b)([^\s\[\]{},\"']+)"
)
_SSHPASS = re.compile(
    r"\b(sshpass[^\n]{0,120}?[\s,]\s?[\"']?-p[\"']?[,\s]?\s?[\"']?)([^\s\[\]{},\"']+)"
)
_CURL = re.compile(
    r"\b(curl\b[^\n]{0,200}?[\s,]\s?[\"']?(?:-u|--user|--proxy-user)[\"']?[,\s=]\s?[\"']?[^\s:\"',]{1,64}:)"
    r"([^\s\"',\]}]+)"
)
_HEADER = re.compile(
    r"(?i)\b(authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?(?:bearer|basic|token)\s{1,8})([^\s\"',\]}]+)"
)
# The same letter is another option of other clients, so this hides a word and is no finding.
_CLIENT = re.compile(
    r"\b([a-z]{3,16}-cli\b[^\n]{0,120}?[\s,]\s?[\"']?-a[\"']?[,\s]\s?[\"']?)([^\s\[\]{},\"']+)"
)
_VARIABLE = ("$", "{", "<", "%")  # the signs with which a variable or a placeholder begins
_ONE_WORD = re.compile(r"(?:\"[^\"]*\"?)|(?:'[^']*'?)|\S+")
# For text in lower case: a pattern that ignores case takes ten times as long.
_SOUNDS = re.compile(_WORDS)
# Keys whose names suggest a credential but which hold only names of Secrets.
_NAMES = {"secrets", "pullSecrets", "secretName", "provider", "existingSecret"}
_PLACEHOLDERS = {"NAME", "KEY", "..."}  # of a help with the text to type
_AFTER_CODE = re.compile(r"(?<=.)`[,;.:]?$")
_SWITCHES = {"true", "false", "null"}  # of `automountServiceAccountToken`
# The value of `secret:` is the name of a Secret, which the output has as well.
_SECRET_NAME = re.compile(r"[\"']?[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?[\"']?")
_REFERENCE = re.compile(r"[\"']?\$[({]\w{1,64}[)}][\"']?")  # to a variable: `${NAME}`, `$(NAME)`
# Tokens with a recognisable form, by their issuers.
TOKENS = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}"
    r"|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,}"
    r"|AIza[\w-]{35}|eyJ[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{0,2000}|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"|dckr_pat_[\w-]{20,}|pypi-[\w-]{30,}|npm_[A-Za-z0-9]{30,}|hvs\.[\w-]{20,}"
)
# A path of words, such as a patch's: `/spec/template/spec/containers/0/securityContext`.
_PATH = re.compile(r"(/([A-Za-z]+|[0-9]+|-))+/?")
WORD = re.compile(r"[A-Za-z0-9+/_=-]{32,}")  # long enough for a key
PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]{0,256}:)([^/\s@$][^/\s@]{0,1024})(?=@)")
# The same without a scheme, as in an image's name; what follows the `@` of one may be its digest.
_PASSWORD_OF_HOST = re.compile(r"(\b[\w.-]{1,64}:)([^/\s:@$\"']{4,1024})(?=@(?!sha256:)[\w-])")

Stretch = tuple[int, int]  # start and end column in a line


def sounds_secret(key: str) -> bool:
    """Whether the name of a key suggests that its value is a credential."""
    return key not in _NAMES and _SOUNDS.search(key.casefold()) is not None


def random(word: str) -> bool:
    """Whether a word is as random as a key: mixed letters and digits, over four bits per character."""
    mixed = all(re.search(form, word) for form in ("[a-z]", "[A-Z]", r"\d"))
    return mixed and entropy(word) > 4 and not _PATH.fullmatch(word)


def entropy(word: str) -> float:
    """Shannon entropy in bits per character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * log2(share) for share in shares)


def after_names(line: str, *, to_end: bool) -> Iterator[Stretch]:
    """The text after names of credentials: one word in a sentence, or in a line of YAML (`to_end`) the value."""
    for match in _CREDENTIAL.finditer(line):
        start, end = match.span(2)
        name = _name_before(line, match)
        if name in _NAMES:
            continue
        word = None if to_end else _ONE_WORD.match(line, start, end)
        end = word.end() if word else end
        if not _is_harmless(name, line[start:end].strip()) and not _REFERENCE.match(line, start):
            yield start, end
    yield from _in_lists_and_braces(line)
    yield from in_commands(line)
    for pattern in (_OPTION, _CLIENT, *((_SENTENCE, _COMMENT) if to_end else ())):
        yield from (match.span(2) for match in pattern.finditer(line))


def _in_lists_and_braces(line: str) -> Iterator[Stretch]:
    for match in _IN_BRACES.finditer(line):
        if match[2].strip() not in _SWITCHES:
            yield match.span(2)
    for match in _LIST.finditer(line):
        if _name_before(line, match) not in _NAMES:
            yield match.span(2)


def in_commands(line: str) -> Iterator[Stretch]:
    """Passwords in the options and headers of well-known programs, but for variables."""
    for pattern in (_MYSQL, _SSHPASS, _CURL, _HEADER):
        for match in pattern.finditer(line):
            if not match[2].startswith(_VARIABLE):
                yield match.span(2)


def _name_before(line: str, match: re.Match[str]) -> str:
    """The whole name at whose telling word a match begins."""
    prefix = re.search(r"[\w.-]{0,64}$", line[max(0, match.start() - 64) : match.start()])
    return f"{prefix[0] if prefix else ''}{match[1]}".strip(" :=\"'`")


def _is_harmless(name: str, value: str) -> bool:
    """Whether a value after the name of a credential is a placeholder, or the name of a Secret.

    The text to type stands in backticks: "`configMap: NAME` or `secret: NAME`".
    """
    value = _AFTER_CODE.sub("", value)
    return value in _PLACEHOLDERS or (
        name == "secret" and _SECRET_NAME.fullmatch(value) is not None
    )


def tokens(line: str) -> Iterator[Stretch]:
    """Known forms of tokens, random words, and passwords inside URLs."""
    yield from (match.span() for match in TOKENS.finditer(line))
    yield from (match.span() for match in WORD.finditer(line) if random(match[0]))
    for pattern in (PASSWORD_IN_URL, _PASSWORD_OF_HOST):
        yield from (match.span(2) for match in pattern.finditer(line))
