"""List every diagnostic's code, severity and title. A code never changes its meaning."""

from typing import NamedTuple


class Code(NamedTuple):
    severity: str
    title: str
    rule: bool = False  # whether a rule finds it, so that `spec.silence` can hide it
    # Whether it compares with the last compile, and so disappears with the next.
    transient: bool = False


CODES: dict[str, Code] = {
    # Reading the text.
    "invalid-encoding": Code("error", "The file is not UTF-8."),
    "invalid-yaml": Code("error", "The file is not YAML."),
    "tab-indent": Code("error", "A tab is used for indentation."),
    "empty-spec": Code("error", "The spec is empty."),
    "several-documents": Code("error", "The file holds more than one YAML document."),
    "duplicate-key": Code("error", "A mapping contains a key twice."),
    "yaml-alias": Code("error", "Anchors and aliases are not part of the language."),
    "yaml-tag": Code("error", "YAML tags are not part of the language."),
    "octal-number": Code("error", "A number with a leading zero has two readings."),
    "merge-key": Code("error", "The merge key is not part of the language."),
    "complex-key": Code("error", "A key is not a single word."),
    "control-character": Code("error", "A text holds a control character."),
    "hidden-character": Code("warning", "A text holds a character that hides or reorders text."),
    "too-large": Code("error", "The spec holds more values than any platform needs."),
    "too-many-findings": Code("error", "There are more findings than one run shows."),
    "more-warnings": Code("note", "There are more warnings than one run shows."),
    "too-deep": Code("error", "The spec is nested too deeply."),
    # Merging the environments.
    "unknown-instance": Code(
        "error", "An environment overrides an instance that the base does not have."
    ),
    "nothing-to-remove": Code("error", "An environment removes a key that the base does not have."),
    # Validating each section.
    "unknown-key": Code("error", "A key is not part of the language."),
    "missing-key": Code("error", "A required key is missing."),
    "wrong-type": Code("error", "A value has another type than its key accepts."),
    "null-value": Code("error", "A key has no value."),
    "unknown-value": Code("error", "A value is not one that its key accepts."),
    "unknown-type": Code("error", "No component has this type."),
    "out-of-range": Code("error", "A number is too small or too large."),
    "invalid-value": Code("error", "A value has the wrong form."),
    "invalid-name": Code("error", "A name has characters or a length that Kubernetes refuses."),
    "invalid-quantity": Code("error", "A quantity is not valid."),
    "invalid-image": Code("error", "An image reference is not valid."),
    "floating-tag": Code("error", "An image can change without a change in the spec.", rule=True),
    "unpinned-image": Code(
        "error", "An image has no digest, and the environment asks for digests.", rule=True
    ),
    "invalid-host": Code("error", "A host name is not valid."),
    "invalid-bucket": Code("error", "A bucket name is not valid."),
    "invalid-database": Code("error", "A database name is not valid."),
    "invalid-cidr": Code("error", "An address range is not valid."),
    "invalid-uri": Code("error", "The URI of a model or of data is not valid."),
    "invalid-schedule": Code("error", "A cron expression is not valid."),
    "invalid-duration": Code("error", "A duration is not valid."),
    "duplicate-name": Code("error", "Two instances have the same name."),
    # Versions of models in a registry.
    "unlocked-model": Code("error", "The lock has no version of a model of the registry."),
    "unknown-version": Code("error", "The registry gives no version of a model."),
    "unused-lock": Code("warning", "The lock has a model that the spec lacks.", rule=True),
    # Resolving the bindings.
    "unbound-requirement": Code("error", "Nothing provides a requirement of an instance."),
    "ambiguous-binding": Code("error", "Several providers could serve one requirement."),
    "unknown-binding": Code(
        "error", "`bind` or `uses` names an instance that does not exist or does not fit."
    ),
    "unfit-move": Code("error", "An instance cannot take the place of another one."),
    "forwarding-cycle": Code("error", "Poolers forward to each other in a cycle."),
    "client-environment-conflict": Code("error", "One pod would need two values of a variable."),
    "shared-claim": Code("error", "Two instances claim one database, bucket or volume."),
    # Rules about the whole platform.
    "unknown-authority": Code(
        "error", "A client cannot be configured to trust a certificate authority.", rule=True
    ),
    "no-client-certificate": Code(
        "error", "A client cannot show the certificate that a service demands.", rule=True
    ),
    "pooler-namespace": Code("error", "A pooler is not in its database's namespace."),
    "connection-budget": Code(
        "error", "Clients may open more connections than PostgreSQL or a pooler accepts.", rule=True
    ),
    "requests-over-limits": Code("error", "A request is larger than its limit."),
    "reserved-variable": Code(
        "error",
        "A variable of the user is one that the compiler derives, or a system keeps for itself.",
    ),
    "environment-collision": Code(
        "error", "Two environments of one cluster share a namespace, a host or an object."
    ),
    "unknown-format": Code("error", "No serving runtime reads a model's format."),
    "runtime-mismatch": Code("error", "A serving runtime does not read a model's format."),
    "serving-mode": Code("error", "A model needs a feature that its serving system does not have."),
    "does-not-fit": Code("error", "A model is larger than its memory or disk.", rule=True),
    "unknown-size": Code("warning", "A model that may be heavy has no size.", rule=True),
    "open-ui": Code("error", "A page without a login has a host.", rule=True),
    "unexposed-ui": Code("note", "A page has no host, because it asks for no login.", rule=True),
    "open-model": Code(
        "warning", "A model has a host, and no `access` says who may ask it.", rule=True
    ),
    "missing-issuer": Code(
        "error", "A model or a page asks for an identity that no issuer of the spec proves."
    ),
    "unchecked-groups": Code(
        "error", "The section of a page names groups, and no login checks them.", rule=True
    ),
    "undefined-features": Code(
        "warning", "A feature store has schedules, and nothing may define features.", rule=True
    ),
    "idle-setting": Code("warning", "A setting changes nothing beside another one.", rule=True),
    "no-gateway": Code("warning", "The spec has settings of a gateway, and no gateway.", rule=True),
    "unfit-edge": Code("error", "A gateway cannot express the route of a host."),
    "plain-http": Code("warning", "The gateway has no certificate.", rule=True),
    "unfit-sink": Code(
        "error", "Copies of a model's requests cannot go where `logger` sends them.", rule=True
    ),
    "unreachable-model": Code("warning", "Nothing can send a model a request.", rule=True),
    "cold-start": Code(
        "warning", "A heavy model scales to zero, and requests wait for it.", rule=True
    ),
    "refused-data": Code(
        "error",
        "A server would not start on the data of the version before it.",
        rule=True,
        transient=True,
    ),
    "one-way-upgrade": Code(
        "warning",
        "An upgrade changes data in a way that cannot be undone.",
        rule=True,
        transient=True,
    ),
    "first-canary": Code("warning", "A canary has no earlier version of its model."),
    "license-note": Code("note", "A component's licence restricts its use.", rule=True),
    "unmaintained-upstream": Code(
        "warning", "A component's upstream is no longer maintained.", rule=True
    ),
    "copied-secret": Code(
        "note",
        "A Secret is needed in several namespaces, and the provider does not copy it.",
        rule=True,
    ),
    "shared-copies": Code("error", "Environments keep their copies in the same bucket.", rule=True),
    "shared-fate": Code("warning", "Copies are in the same cluster as their originals.", rule=True),
    "single-server": Code(
        "warning", "A store with several servers depends on a server of a single pod.", rule=True
    ),
    "unencrypted-copies": Code(
        "warning", "Copies are not encrypted, and the spec asks for it.", rule=True
    ),
    "not-backed-up": Code("warning", "Nothing copies the data of an instance.", rule=True),
    "dangling-host": Code("error", "Laptops get a host name that nothing routes."),
    "dangling-uri": Code(
        "error", "The bucket or repository of an S3 URI does not exist.", rule=True
    ),
    "foreign-secret": Code(
        "error", "An instance reads a Secret that the platform makes for others.", rule=True
    ),
    "foreign-volume": Code("error", "An instance mounts the volume of a server.", rule=True),
    "gone-image": Code("error", "An image was deleted or moved.", rule=True),
    "gpu-placement": Code("warning", "A pod with a GPU may run on any node.", rule=True),
    "twice-installed": Code(
        "error", "A system that a cluster can have only once is declared twice."
    ),
    "host-collision": Code("error", "Two instances have one host name."),
    "ignored-schedule": Code("error", "`schedule` and `run` contradict each other."),
    "invalid-label": Code("error", "A label is not valid, or the compiler sets it."),
    "invalid-toleration": Code("error", "A toleration is not valid."),
    "eviction-policy": Code("warning", "The eviction policy never evicts a key.", rule=True),
    "memory-limit": Code(
        "error",
        "A memory limit is smaller than needed, or contradicts another setting.",
        rule=True,
    ),
    "volume-size": Code("error", "A volume is smaller than its contents need.", rule=True),
    "refused-pod": Code(
        "error", "Upstream adds a container to a pod that its namespace does not admit.", rule=True
    ),
    "loosened-guard": Code(
        "warning", "A patch changes an object that guards the platform.", rule=True
    ),
    "mount-clash": Code("error", "Two volumes are mounted at one path."),
    "object-clash": Code("error", "Two instances create the same object."),
    "overlapping-schedule": Code(
        "warning", "A run may last until after the next start.", rule=True
    ),
    "plaintext-secret": Code("error", "The spec contains a credential.", rule=True),
    "pooled-session": Code("error", "A client that needs a session is behind a pooler.", rule=True),
    "quota-exceeded": Code("error", "Pods request more than a quota allows.", rule=True),
    "repeated-use": Code("warning", "A workload uses one instance twice.", rule=True),
    "replica-range": Code("error", "The minimum of replicas is above the maximum."),
    "reserved-namespace": Code(
        "error", "A namespace belongs to Kubernetes or to an upstream system."
    ),
    "secret-clash": Code("error", "Two credentials have one name."),
    "shared-keys": Code("warning", "A client writes the keys of another instance.", rule=True),
    "shared-system": Code(
        "warning", "Environments of one cluster set up one upstream system differently.", rule=True
    ),
    "shared-volume": Code("warning", "Several workloads mount one volume claim.", rule=True),
    "shell-command": Code("warning", "A command needs a shell, and none runs.", rule=True),
    "loopback-host": Code("warning", "A program looks for a service in its own pod.", rule=True),
    "unfilled-placeholder": Code(
        "warning", "A text has a placeholder that nothing fills in.", rule=True
    ),
    "store-settings": Code(
        "error", "Settings of an object store contradict each other.", rule=True
    ),
    "undeclared-use": Code(
        "warning", "A text names a host of the platform without a binding to it.", rule=True
    ),
    "undefined-variable": Code("error", "A reference to a variable that is not set.", rule=True),
    "unfit-version": Code("error", "A version is known not to fit.", rule=True),
    "unlisted-release": Code(
        "warning",
        "The containers that a release of an upstream system adds to pods are not known.",
        rule=True,
    ),
    "unsplit-calls": Code(
        "warning", "Callers inside the cluster never reach the canary of a model.", rule=True
    ),
    "untried-version": Code("note", "A version is untested: it may work or not.", rule=True),
    "volume-replicas": Code(
        "error", "A patch sets more replicas than the volumes allow.", rule=True
    ),
    "unused-silence": Code("warning", "A silence hides nothing."),
    # Lowering and writing.
    "patch-misses": Code("error", "A patch does not fit the object that it names."),
    "patch-refused": Code("error", "A patch produces an object that Kubernetes refuses."),
    "derived-key": Code("error", "A line of a config file sets a key that follows from the spec."),
    "schema-violation": Code("error", "An object does not fit its schema."),
    "edited-output": Code("error", "A compiled file was edited by hand."),
    "foreign-file": Code(
        "error", "A file that platformc did not write is in the way of its output."
    ),
    "stale-output": Code("error", "The compiled tree does not match the spec."),
    "interrupted-write": Code("error", "An earlier write was interrupted."),
}
