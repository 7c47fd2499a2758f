"""The provider `external-secrets`: objects that tell External Secrets what to make, or to fetch.

Without a store of the user's, each credential is generated once, into a Secret that no pod reads,
and copied from there to where it is read, by a store that may read just those Secrets. With a store,
every Secret is fetched from it under one path.

Facts are of External Secrets 0.20 to 2.9: a Password generator runs again at every refresh unless
told `CreatedOnce`, and again when its ExternalSecret is made anew, unless the Secret is immutable; a
SecretStore of Kubernetes needs no more than `get`. And of Kubernetes 1.36: a node gives the value
of an immutable Secret that it read first to every later pod, as long as any pod on it names the
Secret; so what pods read is a copy that can change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from compiler.derive.order import OPTIONS
from compiler.diagnostics import Report
from compiler.model.credential import MANAGED, Credential, Random, marks
from compiler.model.package import Lowered, Package
from compiler.model.resource import Manifest, Phase, Resource
from compiler.spec.settings import Store

NAME = "credentials"
ACCOUNT = "credential-reader"
API, GENERATORS = "external-secrets.io/v1", "generators.external-secrets.io/v1alpha1"

# What each kind of random value is made of: how many characters, and the template around them,
# which puts a letter first where readers need one.
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
        made = list(_fetched(lowered, secrets.store))
    else:
        made = [*_generators(lowered.credentials), *_generated(lowered.credentials)]
    package = Package(NAME, "spec.secrets", Phase.SECRETS, "", tuple(made))
    return replace(lowered, packages=dict(sorted({**lowered.packages, NAME: package}.items())))


def store_path(lowered: Lowered, store: Store, credential: str) -> str:
    """Where a store holds a credential: one entry, with a property for each key."""
    platform = lowered.platform
    prefix = store.prefix or "/".join(filter(None, (platform.name, platform.environment)))
    return f"{prefix}/{credential}"


def source(credential: Credential) -> str:
    """The Secret that a generated credential's values are kept in; its copies have the name."""
    return f"{credential.name}-source"


def _fetched(lowered: Lowered, store: Store) -> Iterator[Resource]:
    reference = {"kind": store.kind, "name": store.name}
    for credential in lowered.credentials:
        path = store_path(lowered, store, credential.name)
        for namespace in credential.namespaces:
            yield _copy(credential, namespace, reference, path)


def _generated(credentials: tuple[Credential, ...]) -> Iterator[Resource]:
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for credential in credentials:
        home = credential.namespaces[0]
        yield _source(credential, home)
        for namespace in credential.namespaces:
            shared[home, namespace].append(source(credential))
            reference = {"kind": "SecretStore", "name": f"{NAME}-{home}"}
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
    """One generator for each kind of value that a namespace is home to."""
    wanted = {
        (credential.namespaces[0], kind)
        for credential in credentials
        for kind in credential.keys.values()
        if isinstance(kind, Random)
    }
    for namespace, kind in sorted(wanted):
        length, _ = _SHAPES[kind]
        spec = {"length": length, "digits": length // 4, "symbols": 0,
                "noUpper": False, "allowRepeat": True}  # fmt: skip
        yield Resource(
            {
                "apiVersion": GENERATORS,
                "kind": "Password",
                "metadata": {"name": kind.value, "namespace": namespace},
                "spec": spec,
            }
        )


def _source(credential: Credential, namespace: str) -> Resource:
    """Makes the values once; nothing that happens to this object afterwards makes them again."""
    data: dict[str, str] = {}
    sources: list[Manifest] = []
    for key, kind in sorted(credential.keys.items()):
        if not isinstance(kind, Random):
            data[key] = kind
            continue
        variable = f"value{len(sources)}"
        data[key] = _SHAPES[kind][1] % variable
        generator = {"apiVersion": GENERATORS, "kind": "Password", "name": kind.value}
        rename = {"regexp": {"source": "password", "target": variable}}
        sources.append({"rewrite": [rename], "sourceRef": {"generatorRef": generator}})
    target = {
        "name": source(credential),
        "creationPolicy": "Orphan",
        "deletionPolicy": "Retain",
        "immutable": True,
        "template": {"metadata": {"labels": MANAGED}, "engineVersion": "v2", "data": data},
    }
    spec = {"refreshPolicy": "CreatedOnce", "target": target, "dataFrom": sources}
    metadata = {"name": source(credential), "namespace": namespace,
                "annotations": {OPTIONS: "Prune=false"}}  # fmt: skip
    return Resource(
        {"apiVersion": API, "kind": "ExternalSecret", "metadata": metadata, "spec": spec}, 1
    )


def _copy(credential: Credential, namespace: str, store: dict[str, str], path: str) -> Resource:
    """Keeps a Secret as the store has it."""
    spec = {
        "refreshInterval": "1h0m0s",  # as its controller writes it back
        "secretStoreRef": store,
        "target": {"name": credential.name, "template": _template(credential)},
        "data": [
            {"secretKey": key, "remoteRef": {"key": path, "property": key}}
            for key in sorted(credential.keys)
        ],
    }
    metadata = {"name": credential.name, "namespace": namespace}
    return Resource(
        {"apiVersion": API, "kind": "ExternalSecret", "metadata": metadata, "spec": spec}, 2
    )


def _store(home: str, namespace: str, names: list[str]) -> Iterator[Resource]:
    """A store in one namespace over some Secrets of another, and the right to read just those."""
    name = f"{NAME}-{home}"
    role = {"name": f"{NAME}-{namespace}", "namespace": home}
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
    yield Resource(
        {
            "apiVersion": API,
            "kind": "SecretStore",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"provider": {"kubernetes": provider}},
        }
    )


def _template(credential: Credential) -> Manifest:
    """What the Secret carries besides its values."""
    return {"type": credential.type, "metadata": marks(credential)}
