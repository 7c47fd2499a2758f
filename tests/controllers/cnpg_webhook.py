"""CloudNativePG's validating webhooks, as their source has them.

cloudnative-pg/cloudnative-pg v1.30.0, internal/webhook/v1/cluster_webhook.go: `validateResources`,
`validateConfiguration` with `validateWalSizeConfiguration`, `validateName`, `validateImageName`,
`validateStorageSize`, `validateSynchronousReplicaConfiguration`, `validateManagedRoles`,
`validateExternalClusters`, `validateEnv`, `validateBootstrapRecoverySource`, `validatePluginConfiguration`. Left out are the
checks of fields that the compiler never writes (tablespaces, LDAP, certificates, replica clusters), and of
tolerations, which Kubernetes checks in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from compiler.spec import quantity
from compiler.spec.image import split_image

RESERVED_ROLES = ("postgres", "streaming_replica")  # pkg/postgres/roles.go
RESERVED_PREFIXES = ("cnpg_", "pg_")
RESERVED_VARIABLES = ("POD_NAME", "NAMESPACE", "CLUSTER_NAME")  # pkg/postgres/environment.go
LONGEST_NAME = 50
PARAMETER = r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?"
# pkg/postgres/configuration.go, FixedConfigurationParameters, as far as a compiler may want to set them.
FIXED = {"archive_command", "archive_mode", "listen_addresses", "log_destination", "port", "ssl"}
MIN_WAL_SIZE, MAX_WAL_SIZE = "80MB", "1GB"


def refusals(cluster: dict[str, Any]) -> list[str]:
    """The reasons for which the webhook refuses a Cluster."""
    spec = cluster["spec"]
    return [
        *_of_name(cluster["metadata"]["name"]),
        *_of_image(spec["imageName"]),
        *_of_resources(spec["resources"], spec["postgresql"]["parameters"]),
        *_of_parameters(spec["postgresql"]["parameters"]),
        *_of_env(spec.get("env", [])),
        *_of_roles(spec.get("managed", {}).get("roles", [])),
        *_of_sources(spec),
        *_of_the_rest(spec),
    ]


def parsed(text: str) -> int:
    """`parsePostgresQuantityValue`, in bytes."""
    if not re.fullmatch(r"\d+ ?[kMGT]?B", text):
        raise ValueError(text)
    number = text.removesuffix("B").replace(" ", "")
    return quantity.in_bytes(number if number.isdigit() else f"{number.replace('k', 'K')}i")


def _of_name(name: str) -> Iterator[str]:
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name):
        yield "cluster name must be a valid DNS label"
    if len(name) > LONGEST_NAME:
        yield "the maximum length of a cluster name is 50 characters"


def _of_image(image: str) -> Iterator[str]:
    tag = split_image(image)[1]
    if tag in ("", "latest"):
        yield f"Can't use {tag or 'just the image sha'} as we can't detect upgrades"
    elif not re.match(r"\d", tag):
        yield "invalid version tag"
    elif int(re.match(r"\d+", tag)[0]) < 13:  # type: ignore[index]  # it has matched
        yield "Unsupported PostgreSQL version. Versions 13 or newer are supported"


def _of_resources(resources: dict[str, Any], parameters: dict[str, str]) -> Iterator[str]:
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for name in ("cpu", "memory", "ephemeral-storage"):
        limit = limits.get(name)
        if name in requests and limit and quantity.amount(requests[name]) > quantity.amount(limit):
            yield f"{name} request is greater than the limit"
    buffers = parameters.get("shared_buffers", "")
    asked = requests.get("memory")
    if buffers and asked and parsed(buffers) > quantity.in_bytes(asked):
        yield "Memory request is lower than PostgreSQL `shared_buffers` value"


def _of_parameters(parameters: dict[str, str]) -> Iterator[str]:
    for key in parameters:
        if not re.fullmatch(PARAMETER, key):
            yield "must be a valid PostgreSQL configuration parameter name"
        if key in FIXED:
            yield "Can't set fixed configuration parameter"
    least = parsed(parameters.get("min_wal_size") or MIN_WAL_SIZE)
    if least >= parsed(parameters.get("max_wal_size") or MAX_WAL_SIZE):
        yield "Parameter min_wal_size should be smaller than parameter max_wal_size"


def _of_env(variables: list[dict[str, Any]]) -> Iterator[str]:
    for variable in variables:
        name = variable["name"].upper()
        if name in RESERVED_VARIABLES or name.startswith(("CNPG_", "PG")):
            yield "the usage of this environment variable is reserved for the operator"


def _of_roles(roles: list[dict[str, Any]]) -> Iterator[str]:
    names = [role["name"] for role in roles]
    if len(set(names)) < len(names):
        yield "Role name is duplicate of another"
    for role in roles:
        if role["name"] in RESERVED_ROLES or role["name"].startswith(RESERVED_PREFIXES):
            yield "This role is reserved for operator use"
        if role.get("disablePassword") and "passwordSecret" in role:
            yield "This role both sets and disables a password"


def _of_sources(spec: dict[str, Any]) -> Iterator[str]:
    names = [source["name"] for source in spec.get("externalClusters", [])]
    if len(set(names)) < len(names):
        yield "the list of external clusters contains duplicate values"
    bootstrap = spec.get("bootstrap", {})
    if len(bootstrap) > 1:
        yield "Only one bootstrap method can be specified at a time"
    source = bootstrap.get("recovery", {}).get("source")
    if source and source not in names:
        yield f"External cluster {source} not found"
    for cluster in spec.get("externalClusters", []):
        if not {"connectionParameters", "barmanObjectStore", "plugin"} & set(cluster):
            yield f"External cluster {cluster['name']} cannot be used for recovery"


def _of_the_rest(spec: dict[str, Any]) -> Iterator[str]:
    if not spec["storage"].get("size"):
        yield "Size not configured"
    synchronous = spec["postgresql"].get("synchronous")
    if synchronous and synchronous["number"] >= spec["instances"]:
        yield "the number of synchronous replicas must be less than the total number of instances"
    archivers = [plugin for plugin in spec.get("plugins", []) if plugin.get("isWALArchiver")]
    if len(archivers) > 1:
        yield "Cannot enable more than one WAL archiver plugin"
