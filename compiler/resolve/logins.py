"""The logins before pages: one for each page for people, if the spec has a login and a gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Related, Report
from compiler.interfaces import gateway, http
from compiler.model import hosts
from compiler.model.binding import Binding, Offer, Offers, Provides
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.resolve.join import Join
from compiler.tenants import identity_provider, login


class Page(Struct, frozen=True):
    """A page that gets a login, and the login's name."""

    instance: Instance[Any]
    provides: Provides[Any]
    offer: Offer
    name: str
    secure: bool  # whether the gateway serves it by HTTPS

    @property
    def login(self) -> str:
        return f"{self.name}-login"


def pages(
    platform: Platform, instances: Mapping[str, Instance[Any]], offers: Mapping[str, Offers]
) -> tuple[Page, ...]:
    """The pages with a host that programs do not ask as well."""
    doors = [
        offer
        for slots in offers.values()
        for offer in slots.values()
        if isinstance(offer, gateway.Offer)
    ]
    if platform.settings.login is None or not doors:
        return ()
    return tuple(
        Page(
            instances[name], provides, offer, hosts.page_name(instances[name], provides, slots),
            doors[0].scheme == "https",
        )
        for name, slots in offers.items()
        for provides, offer in slots.items()
        if offer.ui and not offer.programs and hosts.exposed(instances[name], offer)
    )  # fmt: skip


def instances(
    platform: Platform, guarded: tuple[Page, ...], memo: Memo, report: Report
) -> Iterator[Instance[Any]]:
    """The identity provider, and the login of each page; those of an earlier environment if equal."""
    settings = platform.settings
    if settings.login is None or not guarded:
        return
    issuer = identity_provider.instance(platform.name, settings, settings.login)
    added = [memo.once(lambda: issuer, ("identity provider", platform.name), settings)]
    for page in guarded:
        build = partial(_login, page, platform)
        value = ("login", page.name, page.secure)
        added.append(memo.once(build, value, page.instance, page.offer))
    taken = [instance for instance in added if instance.name in platform.instances]
    for instance in taken:
        _clash(platform, instance, report)
    if not taken:
        yield from added


def _clash(platform: Platform, instance: Instance[Any], report: Report) -> None:
    path = platform.instances[instance.name].path
    report.add(
        "duplicate-name",
        f"`{instance.name}` is also the name of a part of the login",
        platform.document.span_of(path),
        path=path,
        help=f"rename `{instance.name}`",
        related=[Related("the login", platform.document.span_of(instance.source))],
    )


def _login(page: Page, platform: Platform) -> Instance[Any]:
    settings = platform.settings
    door = settings.login
    assert door is not None
    groups = getattr(page.instance.spec, "groups", ()) or door.groups
    spec = login.Spec(
        image=door.image,
        host=hosts.host(page.name, page.instance, page.offer),
        allowed=tuple(sorted({*groups, *door.admins})) if groups else (),
        session=door.session,
        replicas=door.replicas,
        secure=page.secure,
    )
    return Instance(
        page.login, login.SECTION, "login", settings.namespace, spec, platform.name, settings,
        declared=("spec", "login"),
    )  # fmt: skip


def bind(join: Join, guarded: tuple[Page, ...]) -> None:
    """Bind each login to its page."""
    for page in guarded:
        proxy = join.instances.get(page.login)
        if proxy is not None and proxy.section == login.SECTION:
            claim = http.Claim(guards=True)
            join.add(Binding(proxy, login.PAGE, page.instance, page.provides, claim, page.offer))
