"""The text to type for the words that people write: those of other tools, and those that are nearly right."""

from __future__ import annotations

from itertools import product

import pytest
from support.diagnosing import HEADER, diagnosed

from compiler import registry
from compiler.diagnostics.text import render
from compiler.diagnostics.words import normalised
from compiler.document.span import Span
from compiler.spec import quantity
from compiler.spec.section import fields
from compiler.upstream.other_systems import _answers, instead_of
from compiler.validate.corrections import corrected_key
from compiler.validate.language import language_keys

COMPONENT = "spec:\n  components:\n    "
WORKLOAD = "spec:\n  workloads:\n    w: {image: 'a.b/c:1', "
MODEL = "spec:\n  models:\n    m: {format: vllm, uri: 's3://models/m', "
# After the text: the words of its help, and whether `--fix` may write it.
CASES = {
    "a name that begins with its type": (
        f"{COMPONENT}mlflow-vision: {{namespace: vision}}", "write `mlflow-vision: {type: mlflow, ...}`", False),
    "a map for a list of maps": (
        "spec:\n  silence: {unmaintained-upstream: known}", "write `silence: [{code: ..., reason: ...}]`", False),
    "the uses of a component": (
        f"{COMPONENT}mlflow: {{uses: [postgres]}}", "where several fit, write `bind: {SLOT: NAME}`", False),
    "a base of other files": (
        "spec:\n  extends: base.yaml", "one file holds the whole spec, without includes", False),
    "patches of kustomize": (
        "spec:\n  patchesStrategicMerge: [a.yaml]", "write `patches: [{target:", False),
    "a patch of kustomize as a text": (
        f"{COMPONENT}redis: {{patches: [{{target: {{kind: Service, name: redis}}, patch: '- op: add'}}]}}",
        "write `operations: [{op: ..., path: ..., value: ...}]`", False),
    "patches by a key that is nearly right": (
        f"{COMPONENT}redis: {{patch: [{{target: {{kind: Service, name: redis}}, operations: [{{op: remove, path: /a}}]}}]}}",
        "did you mean `patches`?", False),
    "a target of kustomize": (
        f"{COMPONENT}redis: {{patches: [{{target: {{group: apps, kind: StatefulSet, name: redis}}, "
        "operations: [{op: replace, path: /spec/replicas, value: 1}]}]}",
        "leave it out: the kind and the name are enough", False),
    "names in the form of a pod": (
        "spec:\n  registry: {pullSecrets: [{name: hub-login}]}", "write `hub-login`", False),
    "a mirror with a scheme": (
        "spec:\n  registry: {mirror: 'https://hub.example.com/mirror/'}", "write `hub.example.com/mirror`", False),
    "a mirror of one registry with a scheme": (
        "spec:\n  registry: {mirror: {docker.io: 'https://hub.example.com'}}", "write `hub.example.com`", False),
    "a server of releases without a scheme": (
        "spec:\n  registry: {releases: files.example.com/releases}", "write `https://files.example.com/releases`", False),
    "a URL with a path": (
        f"{COMPONENT}pypi: {{type: external-service, host: 'https://pypi.example.com/simple'}}",
        "write `host: pypi.example.com, tls: true, path: /simple`", False),
    "a URL of another scheme": (
        f"{COMPONENT}git: {{type: external-service, host: 'ssh://git@git.example.com:22/team'}}",
        "write `host: git.example.com, port: 22, scheme: ssh, path: /team`", False),
    "a type that is no text": (f"{COMPONENT}redis: {{type: null}}", "the types are `argo-workflows`", False),
    "a word for a list of maps": (
        "spec:\n  silence: unmaintained-upstream", "write `silence: [{code: ..., reason: ...}]`", False),
    "a word for an entry": (
        "spec:\n  silence: [unmaintained-upstream]", "write its keys in braces, `{code: ..., reason: ...}`", False),
    "memory without a unit": (f"{COMPONENT}redis: {{memory: 2048}}", "write `2048Mi`", False),
    "a limit without a unit": (
        f"{COMPONENT}redis: {{resources: {{limits: {{memory: 4096}}}}}}", "write `4096Mi`", False),
    "a request without a unit": (
        f"{COMPONENT}redis: {{resources: {{requests: {{memory: 512}}}}}}", "write `512Mi`", False),
    "a limit without a unit, below the request": (
        f"{COMPONENT}redis: {{resources: {{requests: {{memory: 1Gi}}, limits: {{memory: 2048}}}}}}",
        "write `2048Mi`", False),
    "memory in a few Gi, without a unit": (f"{COMPONENT}redis: {{memory: 4}}", "write `4Gi`", False),
    "memory in Ki, without a unit": (f"{COMPONENT}redis: {{memory: 524288}}", "write `524288Ki`", False),
    "memory in which no pod starts": (f"{COMPONENT}redis: {{memory: 512Ki}}", "write it like `512Mi`", False),
    "storage in Mi, without a unit": (f"{COMPONENT}seaweedfs: {{storage: 20480}}", "write `20480Mi`", False),
    "storage in Gi, without a unit": (f"{COMPONENT}seaweedfs: {{storage: 500}}", "write `500Gi`", False),
    "memory of a GPU without a unit": (
        f"{MODEL}gpu: {{count: 1, memory: 141}}}}", "write `141Gi`", False),
    "no type at all": (f"{COMPONENT}quokka: {{}}", "the types are `argo-workflows`", False),
    "a gateway of the cluster": (f"{COMPONENT}ingress-nginx: {{}}", "hosts are routed by a component of type", False),
    "an identity provider": (f"{COMPONENT}keycloak: {{}}", "`login:` under `spec:`", False),
    "a chart with a type's name in it": (
        f"{COMPONENT}minio-operator: {{}}", "an object store is a component of type `ceph`", False),
    "a broker": (f"{COMPONENT}kafka: {{}}", "`kafka: {type: external-service, host: ...}`", False),
    "dashboards": (f"{COMPONENT}grafana: {{}}", "come with a component of type `monitoring`", False),
    "a scheduler close to another type": (f"{COMPONENT}airflow: {{}}", "pipelines run on `argo-workflows`", False),
    "a server of models": (f"{COMPONENT}vllm: {{}}", "write `models: {NAME: {format: ..., uri: ...}}`", False),
    "servers of one that has none": (f"{COMPONENT}postgres: {{replicas: 3}}", "write `cloudnative-pg: {replicas: 3}` in its place", False),
    "variables of a chart": (
        f"{COMPONENT}mlflow: {{extraEnvVars: [{{name: A, value: b}}]}}", "write `env: {NAME: text}`", False),
    "mounts of a model": (f"{MODEL}volumeMounts: []}}", "models have no volumes", False),
    "mounts of a workload": (f"{WORKLOAD}volumeMounts: []}}", "a volume says where it is mounted", False),
    "the class of a container runtime": (f"{MODEL}runtimeClassName: nvidia}}", "write it by `patches:`", False),
    "the version of a serving runtime": (f"{MODEL}runtimeVersion: v1}}", "write `runtime:` with a serving runtime", False),
    "the context of a language model": (
        f"{MODEL}maxModelLen: 8192}}", 'write `args: ["--max-model-len=8192"]`', False),
    "the autoscaler's target": (f"{MODEL}scaleTarget: 5}}", "write `scaling: {metric: concurrency, target: 5}`", False),
    "the autoscaler's metric": (f"{MODEL}scaleMetric: rps}}", "write `scaling: {metric: rps, target: ...}`", False),
    "a switch of KServe's chart": (
        f"{COMPONENT}kserve: {{enableGatewayApi: true}}", "hosts follow from `spec.domain`", False),
    "a way out of the cluster": (f"{WORKLOAD}egress: [{{to: pypi}}]}}", "of the type `external-service`", False),
    "the ports of a container": (f"{COMPONENT}redis: {{ports: [80]}}", "Services and their ports follow", False),
    "the time zone of a schedule": (f"{WORKLOAD}timeZone: Europe/Berlin}}", "schedules are in UTC", False),
    "the kind of a registry": (f"{COMPONENT}feast: {{registry: sql}}", "`bind: {registry: NAME}`", False),
    "a store of features by its role": (f"{COMPONENT}feast: {{onlineStore: redis}}", "`bind: {online-store: NAME}`", False),
    "a store of artefacts by its role": (f"{COMPONENT}mlflow: {{artifactStore: minio}}", "`bind: {artifacts: NAME}`", False),
    "a restore": (f"{COMPONENT}postgres: {{restore: latest}}", "`platformc restore ENVIRONMENT`", False),
    "a new instance of an environment": (
        "spec:\n  components: {redis: {}}\n  environments:\n    prod: {components: {external-s3: {host: a.b}}}",
        "write `external-s3: {type: external-s3, ...}`", False),
    "an endpoint": (
        f"{COMPONENT}external-s3: {{endpoint: 'https://s3.a.b:9000'}}", "write `host: s3.a.b, port: 9000, tls: true`", False),
    "a URL for a host": (
        f"{COMPONENT}external-s3: {{host: 'http://s3.a.b:9000'}}", "write `host: s3.a.b, port: 9000, tls: false`", False),
    "path style": (f"{COMPONENT}external-s3: {{host: a.b, forcePathStyle: true}}", "every client uses path style", False),
    "a number for a map": (
        "spec:\n  models: {m: {format: sklearn, uri: 's3://a-b/c', canary: 20}}", "write `{percent: 20}`", True),
    "variables as Kubernetes lists them": (
        f"{WORKLOAD}env: [{{name: EPOCHS, value: '10'}}]}}", 'write `EPOCHS: "10"`', False),
    "processors of a component": (
        f"{COMPONENT}postgres: {{resources: {{cpu: 2}}}}", "write `requests: {cpu: 2}`", False),
    "processors of a workload": (f"{WORKLOAD}cpu: 4}}", "write `resources: {requests: {cpu: 4}}`", False),
    "a switch": (f"{COMPONENT}redis: {{enabled: false}}", "remove it by `NAME: null`", False),
    "a volume as charts have it": (f"{COMPONENT}postgres: {{persistence: {{size: 50Gi}}}}", "write `storage: 50Gi`", False),
    "a size in a map": (f"{COMPONENT}postgres: {{storage: {{size: 50Gi}}}}", "write `storage: 50Gi`", False),
    "an image in parts": (
        f"{COMPONENT}postgres: {{image: {{repository: a/b, tag: '1.0'}}}}", "write `image: a/b:1.0`", False),
    "a number in letters": (f"{COMPONENT}pgbouncer: {{replicas: two}}", "write `2`", False),
    "capitals in a namespace": (f"{COMPONENT}redis: {{namespace: MLOps}}", "did you mean `mlops`?", True),
    "an underscore in a name": (f"{COMPONENT}my_redis: {{type: redis}}", "did you mean `my-redis`?", False),
    "instances of an operator's cluster": (f"{COMPONENT}cloudnative-pg: {{instances: 3}}", "write `replicas: 3`", False),
    "the mode of a pooler": (f"{COMPONENT}pgbouncer: {{poolMode: session}}", "pools between transactions", False),
    "a version": (f"{COMPONENT}postgres: {{version: 18}}", "write `image:` with the version as its tag", False),
    "a hard limit for a soft one": (
        f"{COMPONENT}knative: {{autoscaler: {{containerConcurrency: 10}}}}", "soft target", False),
    "memory of the data for that of the pod": (
        f"{COMPONENT}redis: {{maxmemory: 3Gi}}", "it must be larger", False),
    "append only": (f"{COMPONENT}redis: {{appendonly: true}}", "write `persistence: aof`", False),
    "an eviction policy in camel case": (
        f"{COMPONENT}redis: {{maxmemoryPolicy: allkeys-lru}}", "did you mean `eviction`?", False),
    "a command line": (f"{WORKLOAD}command: python train.py}}", "write `[python, train.py]`", True),
    "a command line with quotes": (
        f"{WORKLOAD}command: python train.py --name \"my run\"}}", 'write `[python, train.py, --name, "my run"]`', False),
    "a command line with its shell": (
        f"{WORKLOAD}command: sh -c 'echo a; echo b'}}", 'write `[sh, -c, "echo a; echo b"]`', False),
    "a command line that needs a shell": (
        f"{WORKLOAD}command: cd /app && python train.py}}", 'write `[sh, -c, "cd /app && python train.py"]`', False),
    "arguments that need a shell": (
        f"{WORKLOAD}args: --data=$DATA}}", 'write `command: [sh, -c, "PROGRAM --data=$DATA"]`', False),
    "numbers and commas in a command line": (
        f"{WORKLOAD}command: 'python train.py --lr 0.1 --tag a,b --is true it''s'}}",
        'write `[python, train.py, --lr, "0.1", --tag, "a,b", --is, "true", "it\'s"]`', False),
    "a number in arguments": (f"{WORKLOAD}args: --epochs 10}}", 'write `[--epochs, "10"]`', False),
    "a negative number in a command line": (f"{WORKLOAD}command: python -1}}", 'write `[python, "-1"]`', True),
    "names between commas": (f"{WORKLOAD}uses: 'mlflow, redis'}}", "write `[mlflow, redis]`", False),
    "a list of components": (f"{COMPONENT}- redis", "write `redis: {}`", False),
    "the certificate of the hosts, where it stood before": (
        f"{COMPONENT}istio: {{tls: {{issuer: {{name: corp-ca}}}}}}",
        "write `tls: {issuer: {name: corp-ca}}` under `spec:`", False),
    "a certificate in words of other tools": (
        f"{COMPONENT}mlflow: {{tls: true}}", "write `tls: {issuer: {name: ...}}` under `spec:`", False),
    "GPUs in a quota": (
        "spec:\n  cluster: {quotas: {team-a: {gpu: 8}}}", "only requests of `cpu`, `memory` and `ephemeralStorage`", False),
    "GPUs in a quota by their resource": (
        "spec:\n  cluster: {quotas: {team-a: {nvidia.com/gpu: 8}}}", "only requests of `cpu`, `memory`", False),
    "an amount of a ResourceQuota": (
        "spec:\n  cluster: {quotas: {team-a: {requests.cpu: 8}}}", "write `cpu: 8`", False),
    "GPUs among requests": (f"{WORKLOAD}resources: {{requests: {{gpu: 2}}}}}}", "write `gpu: 2` beside `resources`", False),
    "GPUs among requests by their resource": (
        f"{WORKLOAD}resources: {{limits: {{amd.com/gpu: 2}}}}}}", "write `gpu: {resource: amd.com/gpu, count: 2}`", False),
    "namespaces with quotas": (
        "spec:\n  namespaces: {team-a: {quota: {}}}", "`cluster: {quotas: {team-a: {cpu: ..., memory: ...}}}`", False),
    "a ResourceQuota": ("spec:\n  resourceQuota: {}", "`cluster: {quotas: {NAMESPACE: ", False),
    "a claim of a chart": (f"{COMPONENT}postgres: {{existingClaim: data}}", "write `adopt: {claim: data}`", False),
    "a claim of a workload": (f"{WORKLOAD}existingClaim: data}}", "`volumes: {data: {claim: data, mountPath: /data}}`", False),
    "the name of a Service": (f"{COMPONENT}mlflow: {{serviceName: tracking}}", "write `adopt: {service: tracking}`", False),
    "a Secret of an outside server": (
        f"{COMPONENT}external-postgres: {{host: a.b, secretName: db}}", "write `credentials: {secret: NAME}`", False),
    "a password's Secret": (
        f"{COMPONENT}external-mysql: {{host: a.b, passwordSecret: {{name: db, key: p}}}}", "write `credentials: {secret: NAME}`", False),
    "a login by OpenID Connect": (
        "spec:\n  oidc: {issuerURL: 'https://a.b', clientId: ml}", "write `login: {issuer: https://a.b, client: {id: ml}}`", False),
    "a login by OpenID Connect of a page": (
        f"{COMPONENT}mlflow: {{oidc: {{issuer: 'https://a.b'}}}}", "client: {id: ...}}` under `spec:`", False),
    "an issuer by its kind": ("spec:\n  tls: {clusterIssuer: corp-ca}", "write `issuer: {name: corp-ca}`", False),
    "a variable from a Secret as in a pod": (
        f"{WORKLOAD}env: {{TOKEN: {{valueFrom: {{secretKeyRef: {{name: hf, key: token}}}}}}}}}}",
        "write `{secret: hf, key: token}`", False),
    "a list of variables from Secrets": (
        f"{WORKLOAD}env: [{{name: HF, valueFrom: {{secretKeyRef: {{name: hf, key: token}}}}}}]}}",
        "write `HF: {secret: hf, key: token}`", False),
    "variables as a shell sets them": (f"{WORKLOAD}env: ['EPOCHS=10']}}", 'write `EPOCHS: "10"`', False),
    "processors and memory": (
        f"{WORKLOAD}resources: {{cpu: 2, memory: 4Gi}}}}", "write `requests: {cpu: 2, memory: 4Gi}`", False),
    "processors and memory of a workload": (
        f"{WORKLOAD}cpu: 2, ram: 4Gi}}", "write `resources: {requests: {cpu: 2, memory: 4Gi}}`", False),
    "processors next to requests": (
        f"{WORKLOAD}resources: {{cpu: 2, requests: {{memory: 4Gi}}}}}}", "write `requests: {memory: 4Gi, cpu: 2}`", False),
    "a mirror of Docker Hub": (
        "spec:\n  registry: {mirror: {dockerhub: a.b/hub}}", "write `docker.io: a.b/hub`", False),
    "two documents": ("spec: {}\n---\nspec: {}", "give each file to a command of its own", False),
    "variables of a template": ("variables: {a: b}\nspec: {}", "the language has no variables", False),
    "defaults of all environments": ("defaults: {a: b}\nspec: {}", "stands under `spec:` itself", False),
    "the name of an object": (
        f"{COMPONENT}redis: {{patches: [{{target: {{kind: StatefulSet, name: redis}}, "
        "operations: [{op: replace, path: /metadata/name, value: y}]}]}", "`adopt` keeps those of existing objects", False),
    "quotas": ("spec:\n  components: {}\n  quotas: {a: {cpu: 2}}", "platformc writes no quotas", False),
    "no bytes": (f"{COMPONENT}postgres: {{storage: 0}}", "write it like `20Gi`", False),
    "no bytes, with a unit": (f"{COMPONENT}postgres: {{storage: 0Gi}}", "write it like `20Gi`", False),
    "a few bytes": (f"{COMPONENT}postgres: {{storage: 1k}}", "write it like `512Mi` or `20Gi`", False),
    "bytes without a unit": (f"{COMPONENT}postgres: {{storage: 512}}", "write `512Gi`", False),
    "processors in millions": (
        f"{COMPONENT}postgres: {{resources: {{requests: {{cpu: 100M}}}}}}", "did you mean `100m`?", True),
    "processors in bytes": (
        f"{COMPONENT}postgres: {{resources: {{requests: {{cpu: 1Gi}}}}}}", "write it like `500m` or `2`", False),
    "a host of two pages, set explicitly": (
        "spec:\n  domain: a.b\n  components:\n    istio: {}\n    seaweedfs: {}\n    postgres: {}\n"
        "    mlflow: {expose: true, publicHost: m.a.b}\n    mlflow2: {type: mlflow, expose: true, publicHost: m.a.b}",
        "give `mlflow2` another `publicHost`", False),
    "a gateway without a certificate": (
        f"{COMPONENT}istio: {{}}\n    seaweedfs: {{}}\n    postgres: {{}}\n    mlflow: {{expose: true}}",
        "`platformc secrets list` says in which namespaces it must be", False),
    "serverless models without their mesh": (
        f"{COMPONENT}kserve: {{}}", "needs `istio: {}` and `knative: {}` under `spec.components`; or write `mode: standard`",
        False),
    "a variable that a binding sets": (
        f"{COMPONENT}seaweedfs: {{}}\n    postgres: {{}}\n    mlflow: {{env: {{AWS_SECRET_ACCESS_KEY: a}}}}",
        "delete `AWS_SECRET_ACCESS_KEY`; `mlflow` gets it from `seaweedfs`", False),
    "a service that is not there": (
        "spec:\n  components: {}\n  workloads: {w: {image: 'a.b/c:1', uses: [feast]}}",
        "or add `feast: {}` under `spec.components`", False),
    "a word for a switch": (f"{COMPONENT}mlflow: {{smoke: yes}}", "write `true`", True),
    "a number below the least": (f"{COMPONENT}redis: {{replicas: 0}}", "write `replicas: 1` or more", False),
    "a misspelt path of a patch": (
        f"{COMPONENT}redis: {{patches: [{{target: {{kind: StatefulSet, name: redis}}, operations: "
        "[{op: replace, path: /spec/replica, value: 1}]}]}", "did you mean `/spec/replicas`?", False),
    "a bucket in capitals": (f"{COMPONENT}lakefs: {{bucket: MyData}}", "did you mean `mydata`?", True),
    "no copies": (f"{COMPONENT}postgres: {{backup: none}}", "write `backup: {none: ...}`", False),
    "a key as the value of a component": (f"{COMPONENT}seaweedfs: image", "write `seaweedfs: {image: ...}`", False),
    "no metadata of a component": (f"{COMPONENT}external-s3: {{}}", "add `host:`: its host name", False),
    "a name of a workload that a component adds": (
        f"{COMPONENT}seaweedfs: {{}}\n    postgres: {{}}\n    mlflow: {{}}\n"
        "  workloads: {mlflow-smoke: {image: 'a.b/c:1'}}", "rename `mlflow-smoke`", False),
    "an age without a unit": (
        f"{COMPONENT}seaweedfs: {{}}\n  backup: {{to: seaweedfs, keep: 30}}", "write `30d`", False),
    "a version of a registered model": (
        "spec:\n  models:\n    m: {model: churn, version: 3}", "write `alias:` with an alias", False),
    "a stage of a registered model": (
        "spec:\n  models:\n    m: {model: churn, stage: Production}", "write `alias:` with an alias", False),
    "MLflow's URI of an alias": (
        "spec:\n  models:\n    m: {uri: 'models:/churn@champion'}",
        "write `model: churn, alias: champion` in place of `uri`", False),
    "MLflow's URI of a version": (
        "spec:\n  models:\n    m: {uri: 'models:/churn/3'}", "write `model: churn, alias: ALIAS` in place", False),
    "MLflow's URI of a run": (
        "spec:\n  models:\n    m: {uri: 'runs:/4f2a/model'}", "register the model, and write", False),
    "Hadoop's URI of a bucket": (
        "spec:\n  models:\n    m: {format: sklearn, uri: 's3a://models/m'}", "write `s3://models/m`", False),
    "a format in the word of older releases of KServe": (
        "spec:\n  models:\n    m: {framework: sklearn, uri: 's3://models/m'}", "did you mean `format`?", False),
    "a claim in a volume": (
        f"{WORKLOAD}volumes: {{data: {{mountPath: /data, pvc: sets}}}}}}", "write `claim: sets`", False),
    "a claim in a volume, in the form of a pod": (
        f"{WORKLOAD}volumes: {{data: {{mountPath: /data, persistentVolumeClaim: {{claimName: sets}}}}}}}}",
        "write `claim: sets`", False),
    "a folder of the node": (
        f"{WORKLOAD}volumes: {{data: {{mountPath: /data, hostPath: /mnt}}}}}}", "no pod mounts a folder of its node", False),
    "scratch space in the form of a pod": (
        f"{WORKLOAD}volumes: {{data: {{mountPath: /data, emptyDir: {{sizeLimit: 4Gi}}}}}}}}", "write `size: 4Gi`", False),
    "scratch space in memory in the form of a pod": (
        f"{WORKLOAD}volumes: {{shm: {{mountPath: /dev/shm, emptyDir: {{medium: Memory, sizeLimit: 4Gi}}}}}}}}",
        "write `size: 4Gi, inMemory: true`", False),
    "a list of one text": (f"{COMPONENT}seaweedfs: {{storage: [5Gi]}}", "write `storage: 5Gi`", False),
    "a list of one number": (f"{COMPONENT}redis: {{replicas: [3]}}", "write `replicas: 3`", False),
    "a list of one text that the key refuses": (
        f"{COMPONENT}seaweedfs: {{storage: [large]}}", "Size of each volume", False),
    "a relative mount": (
        f"{WORKLOAD}volumes: {{data: {{mountPath: data, size: 1Gi}}}}}}", "like `/data`", False),
    "the order of workloads": (f"{WORKLOAD}dependsOn: [v]}}", "no workload waits for another", False),
    "ports of a workload": (f"{WORKLOAD}ports: [8888]}}", "a workload answers no requests", False),
    "a Service of a workload": (f"{WORKLOAD}service: true}}", "a workload answers no requests", False),
    "files of a workload": (
        f"{WORKLOAD}files: {{a.yaml: b}}}}", "`volumes: {config: {configMap: NAME, mountPath: /config}}`", False),
    "a number for a text": (f"{COMPONENT}external-s3: {{host: a.b, region: 12}}", "quote it", True),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_help_says_what_to_type(name: str) -> None:
    text, help, fixed = CASES[name]
    actual = diagnosed(f"{HEADER}{text}\n".encode())
    matching = [
        diagnostic for diagnostic in actual if any(help in line for line in diagnostic.help)
    ]
    assert matching, [diagnostic.help for diagnostic in actual]
    assert (matching[0].fix is not None) is fixed


@pytest.mark.parametrize(
    ("amount", "count"), [("1Ei", 2**60), ("1E", 10**18), ("1E3", 1000), ("2e3", 2000)]
)
def test_an_e_is_a_unit_or_a_power_of_ten(amount: str, count: int) -> None:
    assert quantity.in_bytes(amount) == count


@pytest.mark.parametrize(
    ("count", "amount"), [(1926583637, "2Gi"), (2**29 + 1, "576Mi"), (300 * 2**20, "300Mi")]
)
def test_an_amount_to_write_is_round(count: int, amount: str) -> None:
    assert quantity.rounded_up(count) == amount


def test_a_word_of_the_language_is_never_corrected_into_another() -> None:
    """All pairs: a key of any section, written in any component's section that does not take it."""
    span = Span("", 1, 1, 1, 1)
    pairs = 0
    for type, key in product(registry.all_types(), sorted(language_keys())):
        component = registry.component(type)
        assert component is not None
        keys = tuple(key for _, key, _ in fields(component.Spec))
        if key not in keys:
            pairs += 1
            fix = corrected_key(span, key, keys)
            assert fix is None or fix.text.casefold() == key.casefold(), (type, key, fix)
    assert pairs > 1000


def test_another_system_is_never_a_type() -> None:
    answers = dict(_answers())
    assert len(answers) > 100
    assert not answers.keys() & {normalised(type) for type in registry.all_types()}
    assert all(instead_of(name) for name in answers)


@pytest.mark.parametrize(
    ("word", "known_word"),
    [("cpu", "gpu"), ("minReplicas", "maxReplicas"), ("containerConcurrency", "targetConcurrency"),
     ("maxmemory", "memory"), ("limits", "limit-range")],
)  # fmt: skip
def test_words_that_are_only_alike_are_not_corrected(word: str, known_word: str) -> None:
    assert corrected_key(Span("", 1, 1, 1, 1), word, (known_word,)) is None


def test_many_findings_alike_share_a_block_and_errors_come_last() -> None:
    models = "".join(
        f"    m{at}: {{format: sklearn, uri: 's3://a-b/c', gpu: 1, size: 1Gi}}\n"
        for at in range(30)
    )
    text = f"{HEADER}spec:\n  components: {{seaweedfs: {{}}, kserve: {{mode: standard}}, redis: {{replica: 1}}}}\n  models:\n{models}"
    correct_text = text.replace(", redis: {replica: 1}", "")
    warned = diagnosed(correct_text.encode())
    assert sum(diagnostic.code == "gpu-placement" for diagnostic in warned) == 30
    rendered = render(warned, {"platform.yaml": correct_text})
    assert rendered.count("warning[gpu-placement]") == 1
    assert "30 times; also `m1`" in rendered
    errors = [*diagnosed(text.encode()), *warned]
    assert render(errors, {}).rindex("error[") > render(errors, {}).rindex("warning[")


def test_a_variable_in_the_form_of_a_pod_is_one_mistake() -> None:
    text = f"{HEADER}{WORKLOAD}env: {{A: {{valueFrom: {{secretKeyRef: {{name: a, key: b}}}}}}}}}}\n"
    assert [diagnostic.code for diagnostic in diagnosed(text.encode())] == ["unknown-key"]


def test_two_amounts_have_the_same_help() -> None:
    text = f"{HEADER}{WORKLOAD}resources: {{cpu: 2, memory: 4Gi}}}}\n"
    assert len({diagnostic.help for diagnostic in diagnosed(text.encode())}) == 1
