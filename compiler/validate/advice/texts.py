"""The advice that is the same for every value of a key; keys without hyphens, underscores and capitals."""

from __future__ import annotations

_STYLE = (
    "leave it out: every client uses path style, unless a store outside says `addressing: virtual`"
)
_BINDS = "stores and databases bind by themselves; where there are several, write"
_QUOTAS = (
    "platformc writes no quotas; `cluster: {quotas: {NAMESPACE: {cpu: ..., memory: ...}}}` says what "
    "those of others admit"
)
_ONE_FILE = (
    "one file holds the whole spec, without includes: what all environments share stands under `spec:` itself, and "
    "what differs is `environments: {NAME: {...}}` there"
)
_PATCHES = (
    "write `patches: [{target: {kind: ..., name: ...}, operations: [{op: ..., path: ..., value: ...}]}]`: a patch is "
    "a list of JSON 6902 operations"
)
TEXTS = {
    "service": "Services are made by the compiler; hosts follow from `spec.domain` and a gateway",
    "ingress": "hosts follow from `spec.domain` and a gateway among the components",
    "ingressclass": "hosts follow from `spec.domain` and a gateway among the components",
    "ingressclassname": "hosts follow from `spec.domain` and a gateway among the components",
    "registry": f"{_BINDS} `bind: {{registry: NAME}}`; "
    "where images come from is `registry:` under `spec:`",
    "backendstore": f"{_BINDS} `bind: {{backend-store: NAME}}`",
    "onlinestore": f"{_BINDS} `bind: {{online-store: NAME}}`",
    "artifactstore": f"{_BINDS} `bind: {{artifacts: NAME}}`",
    "blockstore": f"{_BINDS} `bind: {{store: NAME}}`",
    "backendstoreuri": "the URI follows from the database that it is bound to; leave it out",
    "artifactroot": "the root follows from the store that it is bound to; leave it out",
    "annotations": "write `patches:`; labels are `labels:`",
    "pathstyle": _STYLE,
    "forcepathstyle": _STYLE,
    "poolmode": "leave it out: the pooler pools between transactions, and a client that needs a session "
    "goes past it by itself",
    "containerconcurrency": "a model has `concurrency:`; `targetConcurrency` is the autoscaler's soft target",
    "protocolversion": "leave it out: the protocol follows from the format and its runtime",
    "adopt": "delete it: `adopt` is for servers that the compiler writes; servers outside, and "
    "servers of an operator or of upstream, keep their names",
    "restore": "`backup:` under `spec:` makes copies; `platformc restore ENVIRONMENT` prints how to "
    "bring them back",
    "teams": "teams are not in this release; give each team a `namespace:` and instances of its own",
    **dict.fromkeys(
        (
            "include",
            "includes",
            "import",
            "imports",
            "extends",
            "inherits",
            "bases",
            "overlays",
            "profiles",
        ),
        _ONE_FILE,
    ),
    # Keys of kustomize.
    **dict.fromkeys(
        (
            "patchesstrategicmerge",
            "patchesjson6902",
            "patchstrategicmerge",
            "strategicmergepatches",
            "overrides",
        ),
        _PATCHES,
    ),
    **dict.fromkeys(
        ("configmapgenerator", "secretgenerator", "generators", "transformers", "replacements"),
        "write a kustomization over the compiled one: `resources: [../../overlays/ENV]`",
    ),
    **dict.fromkeys(("quotas", "quota", "resourcequota", "resourcequotas"), _QUOTAS),
    "defaults": "what all environments share stands under `spec:` itself; what differs in an "
    "environment is `environments: {NAME: {...}}` there",
    # Keys of pods and charts whose values are derived, or have other names here.
    "ports": "Services and their ports follow from the type",
    "hostpath": "no pod mounts a folder of its node: write `claim:` with a PersistentVolumeClaim",
    "dependson": "the order follows from `uses` and `bind`",
    "containers": "one instance runs one program; write `image:`, `command:` and `env:` here",
    "sidecars": "add a container by `patches:`",
    "extracontainers": "add a container by `patches:`",
    **dict.fromkeys(
        ("imagepullpolicy", "pullpolicy"),
        "it is one for all images: write `registry: {pullPolicy: ...}` under `spec:`",
    ),
    "imagepullsecrets": "write `pullSecrets: [NAME]`, or for all images `registry: {pullSecrets: [NAME]}` under `spec:`",
    "livenessprobe": "leave it out: probes follow from the type",
    "readinessprobe": "leave it out: probes follow from the type",
    "healthcheck": "leave it out: probes follow from the type",
    "securitycontext": "leave it out: every pod runs as the restricted Pod Security Standard asks",
    "podsecuritycontext": "leave it out: every pod runs as the restricted Pod Security Standard asks",
    "runtimeclassname": "write it by `patches:`",
    "enablegatewayapi": "leave it out: hosts follow from `spec.domain` and a gateway among the components",
    "affinity": "`nodeAffinity: {required: [{key: ..., values: [...]}]}` chooses the nodes; replicas "
    "are spread over them",
    "containerport": "with `image:`, write `port:`",
    "topologyspreadconstraints": "leave it out: replicas are spread over nodes and zones",
    "autoscaling": "models have `minReplicas` and `maxReplicas`; other servers a number of `replicas`",
    "restartpolicy": "leave it out: a run that fails starts again as often as `retries` says",
    "restart": "leave it out: a run that fails starts again as often as `retries` says",
    "concurrencypolicy": "leave it out: a run never starts while the one before it runs",
    "timezone": "leave it out: schedules are in UTC",
    "metrics": "metrics are scraped where a component for monitoring is declared",
    "networkpolicy": "leave it out: policies follow from `uses` and `bind`",
    "fullnameoverride": "the instance's key is its name",
    "nameoverride": "the instance's key is its name",
    "podannotations": "write `patches:`; labels are `labels:`",
    "podlabels": "write `labels:`",
    "buckets": "buckets follow from those who use the store; `bucket:` on one of them names it",
    "defaultbuckets": "buckets follow from those who use the store; `bucket:` on one of them names it",
    "databases": "databases follow from those who use the server; `database:` on one of them names it",
    "existingsecret": "every consumer has a login of its own (`platformc secrets list`); a service "
    "outside takes `credentials: {secret: NAME}`",
    "auth": "logins are made for every consumer (`platformc secrets list`); the pages' login is "
    "`login:` under `spec:`",
    "addressingstyle": _STYLE,
    "urlstyle": _STYLE,
    "virtualhost": _STYLE,
}
