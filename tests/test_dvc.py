"""DVC's two configuration files: the committed one for laptops, the additions of pods, and no secret."""

from __future__ import annotations

from configparser import ConfigParser

import pytest
from support.scenarios import compiled

from compiler.components.dvc import STORE, laptop_url
from compiler.interfaces import s3
from compiler.pipeline import compile as compile_spec


def config(path: str) -> ConfigParser:
    parser = ConfigParser()
    parser.read_string(compiled("dvc").tree()[path])
    return parser


COMMITTED = "base/dvc/dvc/config"
MOUNTED = "base/label-images/label-images-client/etc-dvc-config.local"
REMOTE = "'remote \"images\"'"


def test_laptops_and_pods_reach_one_place_at_two_addresses() -> None:
    committed, mounted = config(COMMITTED), config(MOUNTED)
    assert committed[REMOTE]["url"] == "s3://dvc-datasets/images"
    assert committed[REMOTE]["endpointurl"] == "http://store.ml.example.internal:8333"
    assert mounted[REMOTE]["endpointurl"] == "http://seaweedfs.mlops.svc.cluster.local:8333"
    assert committed.sections()[1:] == mounted.sections()


def test_the_committed_file_holds_no_credential() -> None:
    for remote in config(COMMITTED).sections()[1:]:
        assert sorted(config(COMMITTED)[remote]) == ["endpointurl", "region", "url"]


def test_the_default_remote_is_the_one_named() -> None:
    assert config(COMMITTED)["core"]["remote"] == "datasets"


def test_on_lakefs_a_remote_lies_on_a_branch_of_a_repository() -> None:
    lake = config("base/dvc-lake/dvc-lake/config")
    assert lake["'remote \"curated\"'"]["url"] == "s3://curated/main/dvc"
    setup = compiled("dvc").tree()["base/lakefs/lakefs-setup/setup.sh"]
    assert "repository curated s3://lakefs/curated main" in setup


def test_a_workload_gets_a_key_of_its_own_for_the_remotes_bucket() -> None:
    (bound,) = [
        binding for binding in compiled("dvc").graphs["default"].bindings
        if binding.consumer.name == "label-images" and binding.requires.endpoint is s3.Endpoint
    ]  # fmt: skip
    assert bound.provider.name == "seaweedfs"
    assert bound.claim.resources == ("dvc-datasets",)
    assert bound.secret == "label-images-s3"


def test_a_store_outside_has_one_address_for_all() -> None:
    bindings = compiled("external-services").graphs["default"].bindings
    (store,) = [
        binding
        for binding in bindings
        if binding.consumer.name == "dvc" and binding.requires == STORE
    ]
    assert laptop_url(s3.Endpoint.connect(store), None) == s3.Endpoint.connect(store).url


SPEC = """apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: laptops}}
spec:
  domain: ml.example.internal
  {tls}
  components:
    seaweedfs: {{}}
    istio: {{}}
    dvc: {{remotes: {{data: {{}}}}}}
"""


@pytest.mark.parametrize(
    ("tls", "scheme"),
    [("", "http"), ("tls: {secret: ml-tls}", "https"), ("tls: {issuer: {name: ca}}", "https")],
)
def test_laptops_speak_what_the_gateway_listens_for(tls: str, scheme: str) -> None:
    compilation = compile_spec(SPEC.format(tls=tls).encode(), "platform.yaml")
    text = compilation.tree()["base/dvc/dvc/config"]
    assert f"endpointurl = {scheme}://seaweedfs.ml.example.internal\n" in text
    (gateway,) = [
        resource
        for resource in compilation.lowered[None].packages["istio"].resources
        if resource.kind == "Gateway"
    ]
    listens = {server["port"]["protocol"] for server in gateway.manifest["spec"]["servers"]}
    assert scheme.upper() in listens


@pytest.mark.parametrize("uses", ["lakefs, dvc", "dvc, lakefs"])
def test_a_repository_and_its_remotes_in_one_pod(uses: str) -> None:
    """Both need the store's variables, and get one set, from the same store."""
    text = f"""\
apiVersion: platformc/v1alpha1
kind: Platform
metadata: {{name: example}}
spec:
  components:
    seaweedfs: {{}}
    postgres: {{}}
    lakefs: {{repositories: {{data: {{}}}}}}
    dvc: {{remotes: {{raw: {{bucket: data}}}}, bind: {{store: lakefs}}, externalEndpoint: http://a.example}}
  workloads:
    train: {{image: "registry.example.internal/train:1.0.0", uses: [{uses}]}}
"""
    result = compile_spec(text.encode(), "platform.yaml")
    assert not result.report.failed
    job = result.tree()["base/train/cronjob-train.yaml"]
    assert job.count("name: AWS_ENDPOINT_URL_S3") == job.count("name: DVC_GLOBAL_CONFIG_DIR") == 1
