"""Add the logins before pages and models, and the checks of tokens before models, behind a gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from compiler.diagnostics import Report
from compiler.interfaces import gateway, http, inference, serving
from compiler.model import hosts
from compiler.model.binding import Binding, Claim, Offer, Offers, Provides, Requires
from compiler.model.instance import Instance
from compiler.model.memo import Memo
from compiler.model.package import Platform
from compiler.resolve import models
from compiler.resolve.join import Join
from compiler.resolve.name_problems import report_taken_name
from compiler.tenants import identity_provider, login, token_check


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


class Guarded(Struct, frozen=True):
    """The pages and models whose hosts ask requests for a login or a token."""

    pages: tuple[Page, ...] = ()
    models: tuple[Instance[Any], ...] = ()
    secure: bool = False

    @property
    def issuers(self) -> frozenset[str]:
        """The keys of the issuers of these identities in `spec`."""
        keys = {serving.ISSUERS[model.spec.access] for model in self.models}
        return frozenset(keys | {"login"} if self.pages else keys)


def guarded(
    platform: Platform, instances: Mapping[str, Instance[Any]], offers: Mapping[str, Offers]
) -> Guarded:
    """Find the pages and models that get a guard; none without a gateway."""
    gateways = gateway.offers(offers)
    if not gateways:
        return Guarded()
    secure = gateways[0].scheme == "https"
    served = (instance for instance in instances.values() if instance.section == "models")
    return Guarded(
        _pages(instances, offers, secure) if platform.settings.login is not None else (),
        tuple(model for model in served if serving.guard(model) is not None),
        secure,
    )


def _pages(
    instances: Mapping[str, Instance[Any]], offers: Mapping[str, Offers], secure: bool
) -> tuple[Page, ...]:
    """The pages with a host, without pages that programs use at the same host."""
    return tuple(
        Page(
            instances[name], provides, offer, hosts.page_name(instances[name], provides, slots),
            secure,
        )
        for name, slots in offers.items()
        for provides, offer in slots.items()
        if offer.ui and not offer.programs and hosts.exposed(instances[name], offer)
    )  # fmt: skip


def instances(
    platform: Platform, guarded: Guarded, memo: Memo, report: Report
) -> Iterator[Instance[Any]]:
    """The issuers and the guard before each host; equal ones of an earlier environment are reused."""
    added = list(_issuers(platform, guarded, memo))
    for page in guarded.pages:
        build = partial(_login_of_page, page, platform)
        value = ("login", page.name, page.secure)
        added.append(memo.once(build, value, page.instance, page.offer))
    for model in guarded.models:
        guard = partial(_guard_of_model, model, platform, secure=guarded.secure)
        added.append(memo.once(guard, ("before a model", guarded.secure), model))
    conflicting = [instance for instance in added if instance.name in platform.instances]
    for instance in conflicting:
        related = ("the login", instance.source)
        named = platform.instances[instance.name]
        report_taken_name(named, "a part of the login", platform.document, report, related)
    if not conflicting:
        yield from added


def _issuers(platform: Platform, guarded: Guarded, memo: Memo) -> Iterator[Instance[Any]]:
    """The issuers that guards ask; an issuer whose keys stand in the spec is not asked."""
    settings = platform.settings
    machines = settings.machines
    machines_issuer = machines if machines is not None and not machines.keys else None
    for key, issuer in (("login", settings.login), ("machines", machines_issuer)):
        if issuer is not None and key in guarded.issuers:
            build = partial(identity_provider.instance, platform.name, settings, key, issuer)
            yield memo.once(build, ("issuer", key, platform.name), settings)


def _login_of_page(page: Page, platform: Platform) -> Instance[Any]:
    host = hosts.host(page.name, page.instance, page.offer)
    groups = getattr(page.instance.spec, "admitted", ())
    return _login_instance(page.login, host, groups, platform, secure=page.secure)


def _login_instance(
    name: str,
    host: str,
    groups: tuple[str, ...],
    platform: Platform,
    *,
    secure: bool,
    timeout: int | None = None,
) -> Instance[Any]:
    """The login before one host, with the settings of `spec.login`."""
    settings = platform.settings
    login_settings = settings.login
    assert login_settings is not None
    allowed = groups or login_settings.groups
    spec = login.Spec(
        image=login_settings.image,
        host=host,
        allowed=tuple(sorted({*allowed, *login_settings.admins})) if allowed else (),
        session=login_settings.session,
        replicas=login_settings.replicas,
        secure=secure,
        timeout=timeout,
    )
    return Instance(
        name, login.SECTION, "login", settings.namespace, spec, platform.name, settings,
        declared=("spec", "login"),
    )  # fmt: skip


def _guard_of_model(model: Instance[Any], platform: Platform, *, secure: bool) -> Instance[Any]:
    """The login or the check of tokens before a model, as its `access` says."""
    guard = serving.guard(model)
    assert guard is not None
    timeout = serving.timeout(model.spec)
    if model.spec.access == "login":
        return _login_instance(
            guard, model.route, model.spec.groups, platform, secure=secure, timeout=timeout
        )
    settings = platform.settings
    machines = settings.machines
    assert machines is not None
    accounts = (caller.split("/") for caller in model.spec.callers)
    spec = token_check.Spec(
        image=machines.image,
        host=model.route,
        allowed=tuple(
            sorted(f"system:serviceaccount:{space}:{account}" for space, account in accounts)
        ),
        replicas=machines.replicas,
        issuer=machines.issuer,
        keys=machines.keys,
        timeout=timeout,
    )
    return Instance(
        guard, token_check.SECTION, "token-check", settings.namespace, spec, platform.name, settings,
        declared=model.path,
    )  # fmt: skip


def bind_pages(join: Join, guarded: Guarded) -> None:
    """Bind each login to its page."""
    for page in guarded.pages:
        proxy = join.instances.get(page.login)
        if proxy is not None and proxy.section == login.SECTION:
            claim = http.Claim(guards=True)
            join.add(Binding(proxy, login.PAGE, page.instance, page.provides, claim, page.offer))


def bind_models(join: Join, guarded: Guarded) -> None:
    """Bind the guard before each model to the model, whose address its serving system determines."""
    slots = {login.SECTION: login.PAGE.slot, token_check.SECTION: token_check.MODEL.slot}
    claim: Claim = inference.Claim(guards=True)
    for model in guarded.models:
        proxy = join.instances.get(serving.guard(model) or "")
        candidate = models.offer_of(join, model)
        if proxy is None or proxy.section not in slots:
            continue
        if candidate is None:
            join.unsettled.add(proxy.name)
            continue
        requires = Requires(slots[proxy.section], inference.Endpoint)
        join.add(Binding(proxy, requires, model, candidate.provides, claim, candidate.offer))
