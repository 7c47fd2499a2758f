"""Write the objects of the provider `external-secrets`, which generates or fetches credentials.

Without a store of the user, each credential is generated once, into a Secret that no pod reads, and
copied from there to its readers' namespaces, by a store that may read exactly these Secrets. With a
store, every Secret is fetched from it under one path.

Facts about External Secrets 0.20 to 2.9: a Password generator runs again at every refresh, unless
the policy is `CreatedOnce`, and again when its ExternalSecret is recreated, unless the Secret is
immutable; a SecretStore of Kubernetes needs only the verb `get`; a copy is owned by its ExternalSecret, so it goes
with its last reader, and outlives a deletion that leaves orphans (`cleanupManagedSecrets` deletes nothing with the
default `deletionPolicy`). About Kubernetes 1.36: a node
serves the value of an immutable Secret that it read first to every later pod, as long as any of its
pods names the Secret. Therefore pods read a copy, which can change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from compiler.derive.order import KEPT
from compiler.diagnostics import Report
from compiler.interfaces.external_secrets import EXTERNAL_SECRET, PASSWORD, SECRET_STORE
from compiler.model.credential import MANAGED, Credential, Random, marks
from compiler.model.manifest import Manifest
from compiler.model.package import CREDENTIALS, Lowered, Package
from compiler.model.resource import Phase, Resource
from compiler.spec.settings import Store

ACCOUNT = "credential-reader"

# The length of each kind of random value, and the template around it: some readers need a letter first.
_SHAPES: Mapping[Random, tuple[int, str]] = {
    Random.PASSWORD: (31, "p{{ .%s }}"),
    Random.ACCESS_KEY: (16, "AKIA{{ .%s | upper }}"),
    Random.SECRET_KEY: (40, "{{ .%s }}"),
}


def derive(lowered: Lowered, report: Report) -> Lowered:
    secrets = lowered.platform.settings.secrets
    if secrets.provider != "external-secrets" or not lowered.credentials:
        return lowered
    if secrets.store is not None:
        resources = list(_fetched(lowered, secrets.store))
    else:
        resources = [*_generators(lowered.credentials), *_generated(lowered.credentials)]
    package = Package(CREDENTIALS, "spec.secrets", Phase.SECRETS, "", tuple(resources))
    return replace(
        lowered, packages=dict(sorted({**lowered.packages, CREDENTIALS: package}.items()))
    )


def store_path(lowered: Lowered, store: Store, credential: str) -> str:
    """The path of a credential in a store: one entry, with a property for each key."""
    platform = lowered.platform
    prefix = store.prefix or "/".join(filter(None, (platform.name, platform.environment)))
    return f"{prefix}/{credential}"


def source(credential: Credential) -> str:
    """The Secret that keeps a credential's generated values; its copies have the credential's name."""
    return f"{credential.name}-source"


def _fetched(lowered: Lowered, store: Store) -> Iterator[Resource]:
    reference = {"kind": store.kind, "name": store.name}
    for credential in lowered.credentials:
        path = store_path(lowered, store, credential.name)
        for namespace in credential.namespaces:
            yield _copy(credential, namespace, reference, path)


def _generated(credentials: tuple[Credential, ...]) -> Iterator[Resource]:
    """The objects that generate each credential once and copy it to its readers' namespaces."""
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for credential in credentials:
        home = credential.namespaces[0]
        yield _source(credential, home)
        for namespace in credential.namespaces:
            shared[home, namespace].append(source(credential))
            reference = {"kind": SECRET_STORE.kind, "name": f"{CREDENTIALS}-{home}"}
            yield _copy(credential, namespace, reference, source(credential))
    for namespace in sorted({namespace for _, namespace in shared}):
        yield Resource(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": ACCOUNT, "namespace": namespace},
                "automountServiceAccountToken": False,
            }
        )
    for (home, namespace), names in sorted(shared.items()):
        yield from _store(home, namespace, names)


def _generators(credentials: tuple[Credential, ...]) -> Iterator[Resource]:
    """One generator for each kind of random value in a credential's home namespace."""
    kinds = {
        (credential.namespaces[0], kind)
        for credential in credentials
        for kind in _randoms(credential).values()
    }
    for namespace, kind in sorted(kinds):
        length, _ = _SHAPES[kind]
        spec = {"length": length, "digits": length // 4, "symbols": 0,
                "noUpper": False, "allowRepeat": True}  # fmt: skip
        yield Resource.of(PASSWORD, {"name": kind.value, "namespace": namespace}, spec)


def _randoms(credential: Credential) -> Mapping[str, Random]:
    """The random values of a credential, by key; one that no key has, where all values are fixed.

    The webhook refuses an ExternalSecret without a source (0.20 to 2.9, externalsecret_validator.go).
    """
    kinds = {key: kind for key, kind in sorted(credential.keys.items()) if isinstance(kind, Random)}
    return kinds or {"": Random.PASSWORD}


def _source(credential: Credential, namespace: str) -> Resource:
    """The object that generates the values once; later changes of it do not generate them again.

    Without random values, it follows its changes.
    """
    is_random = any(isinstance(kind, Random) for kind in credential.keys.values())
    data = {
        key: text.replace("{{", '{{ "{{" }}')  # the text of a template
        for key, text in credential.keys.items()
        if not isinstance(text, Random)
    }
    sources: list[Manifest] = []
    for key, kind in _randoms(credential).items():
        variable = f"value{len(sources)}"
        if key:
            data[key] = _SHAPES[kind][1] % variable
        generator = {"apiVersion": PASSWORD.api, "kind": PASSWORD.kind, "name": kind.value}
        rename = {"regexp": {"source": "password", "target": variable}}
        sources.append({"rewrite": [rename], "sourceRef": {"generatorRef": generator}})
    target = {
        "name": source(credential),
        "creationPolicy": "Orphan",
        "deletionPolicy": "Retain",
        **({"immutable": True} if is_random else {}),
        "template": {
            "metadata": {"labels": MANAGED},
            "engineVersion": "v2",
            "data": dict(sorted(data.items())),
        },
    }
    policy = "CreatedOnce" if is_random else "OnChange"
    spec = {"refreshPolicy": policy, "target": target, "dataFrom": sources}
    metadata = {"name": source(credential), "namespace": namespace,
                "annotations": KEPT}  # fmt: skip
    return Resource.of(EXTERNAL_SECRET, metadata, spec, step=1)


def _copy(credential: Credential, namespace: str, store: dict[str, str], path: str) -> Resource:
    """The object that keeps a Secret equal to the store's entry."""
    spec = {
        "refreshInterval": "1h0m0s",  # the form in which its controller writes it back
        "secretStoreRef": store,
        "target": {"name": credential.name, "template": _template(credential)},
        "data": [
            {"secretKey": key, "remoteRef": {"key": path, "property": key}}
            for key in sorted(credential.keys)
        ],
    }
    metadata = {"name": credential.name, "namespace": namespace}
    return Resource.of(EXTERNAL_SECRET, metadata, spec, step=2)


def _store(home: str, namespace: str, names: list[str]) -> Iterator[Resource]:
    """A store in one namespace for some Secrets of another, and the right to read only these."""
    name = f"{CREDENTIALS}-{home}"
    role = {"name": f"{CREDENTIALS}-{namespace}", "namespace": home}
    group = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": sorted(names),
            "verbs": ["get"]}  # fmt: skip
    yield Resource({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": role, "rules": [rule]})
    yield Resource(
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": dict(role),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": role["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
        }
    )
    authority = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}
    provider = {
        "remoteNamespace": home,
        "server": {"caProvider": authority},
        "auth": {"serviceAccount": {"name": ACCOUNT}},
    }
    metadata = {"name": name, "namespace": namespace}
    yield Resource.of(SECRET_STORE, metadata, {"provider": {"kubernetes": provider}})


def _template(credential: Credential) -> Manifest:
    """The type, labels and annotations of the Secret."""
    return {"type": credential.type, "metadata": marks(credential)}
