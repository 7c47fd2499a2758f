"""Replace the paths of certificate files in the spec by the content of the files.

The files lie next to the spec and were read with it, so this stage opens none. The later stages treat these
certificates as if the spec had them as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from compiler.diagnostics import Report
from compiler.files.next_to_spec import Files
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.spec.constraints import InvalidValue
from compiler.spec.pem import certificates
from compiler.spec.settings import Settings

FIELD = "ca"
ISSUERS = ("login", "machines")  # sections of `spec` with that field


def with_authority_files(
    platforms: Mapping[str | None, Platform], memo: Memo, report: Report
) -> dict[str | None, Platform]:
    """Return the platforms with certificates in place of the paths of their files."""
    return {
        name: _with_certificates(platform, memo, report.within(name))
        for name, platform in platforms.items()
    }


def _with_certificates(platform: Platform, memo: Memo, report: Report) -> Platform:
    """Replace the paths of certificate files in one environment; instances with a bad file are left out."""
    platform = _with_issuers(platform, memo, report)
    instances, wrong = dict(platform.instances), dict(platform.wrong)
    for name, instance in platform.instances.items():
        path = _file_of(instance.spec)
        if path is None:
            continue
        try:
            text = _text(path, platform.files)
        except InvalidValue as error:
            if name not in wrong:
                _report(error, instance.path, platform, report)
            del instances[name]
            wrong[name] = instance.type
        else:
            instances[name] = _with_text(instance, text, memo)
    return replace(platform, instances=instances, wrong=wrong)


def _with_issuers(platform: Platform, memo: Memo, report: Report) -> Platform:
    """The platform with the certificates of its issuers, in the settings that all instances have."""
    texts: dict[str, str | None] = {}
    for key in ISSUERS:
        path = _file_of(getattr(platform.settings, key))
        if path is None:
            continue
        try:
            texts[key] = _text(path, platform.files)
        except InvalidValue as error:
            _report(error, ("spec", key), platform, report)
            texts[key] = None
    return _with_settings(platform, texts, memo) if texts else platform


def _with_settings(platform: Platform, texts: Mapping[str, str | None], memo: Memo) -> Platform:
    """The platform with these certificates in its settings; environments with the same ones share instances."""
    name = ("certificates of issuers", *texts.items())

    def read(settings: Settings) -> Settings:
        issuers = {key: getattr(settings, key) for key in texts}
        return settings.model_copy(
            update={
                key: issuer.model_copy(update={FIELD: texts[key]})
                for key, issuer in issuers.items()
            }
        )

    settings = memo.once(partial(read, platform.settings), name, platform.settings)
    instances = {
        key: memo.once(partial(replace, instance, settings=settings), name, instance)
        for key, instance in platform.instances.items()
    }
    return replace(platform, settings=settings, instances=instances)


def _file_of(section: object) -> str | None:
    """The path of the file with a section's certificates, or None."""
    path: str | None = getattr(getattr(section, FIELD, None), "file", None)
    return path


def _text(path: str, files: Files) -> str:
    """The certificates in a file. Raises InvalidValue if it has none."""
    file = files.get(path)
    if file is None or file.problem:
        message = file.problem if file else f"`{path}` is not read: its path has escapes"
        help = "write the path relative to the folder of the spec, without escapes, and commit the file"
        raise InvalidValue("invalid-value", message, help)
    try:
        return certificates(file.data.decode())
    except UnicodeDecodeError as error:
        message = f"`{path}` is no text: certificates in PEM form are"
        help = f"convert it by `openssl x509 -inform der -in FILE -out {path}`"
        raise InvalidValue("invalid-value", message, help) from error
    except InvalidValue as error:
        message = f"`{path}`: {error.message}"
        help = "the file begins with `-----BEGIN CERTIFICATE-----` and holds certificates alone"
        raise InvalidValue("invalid-value", message, help) from error


def _with_text(instance: Instance[Any], text: str, memo: Memo) -> Instance[Any]:
    """The instance with the certificates; environments with the same certificates share it."""
    key = ("certificates", text)
    spec = instance.spec
    return memo.once(
        lambda: replace(instance, spec=spec.model_copy(update={FIELD: text})), key, instance
    )


def _report(
    error: InvalidValue, section: tuple[str | int, ...], platform: Platform, report: Report
) -> None:
    path = (*section, FIELD, "file")
    report.add(
        error.code, error.message, platform.document.span_of(path), path=path, help=error.help
    )
