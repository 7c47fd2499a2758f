"""Kubeflow Pipelines as a whole: API server, UI, agents and metadata, on MySQL and an object store.

Upstream's tree ships a store and a database with public passwords, and names them in five places;
here all five follow from one binding. Parts for version 1 pipelines are left out: the cache server
with its webhook (version 2 caches in the API server), the metadata writer, the visualisation
server. Facts are of Kubeflow Pipelines 2.17, whose programs find each other by fixed Service names,
so there is one instance per namespace.
"""

from collections.abc import Iterator

from pydantic import Field

from compiler import kube, model
from compiler.components.kubeflow_pipelines import crd, metadata, runs, servers, versions
from compiler.interfaces import gateway, http, mysql, pipelines, s3, workflows
from compiler.spec.types import Bucket, Database, Image, Namespace

PHASE = model.Phase.SERVERS
VERSIONS = versions.VERSIONS
PIPELINES = model.Requires("pipelines", mysql.Endpoint)
METADATA = model.Requires("metadata", mysql.Endpoint)
ARTIFACTS = model.Requires("artifacts", s3.Endpoint)
WORKFLOWS = model.Requires("workflows", workflows.Endpoint)
API = model.Provides("api", pipelines.Endpoint)
UI = model.Provides("ui", http.Endpoint, explicit=True)
SERVER_REQUIREMENTS = (
    PIPELINES,
    METADATA,
    ARTIFACTS,
    WORKFLOWS,
    gateway.ROUTE,
)  # slots of the servers; the steps use the others


def _image(name: str) -> str:
    return f"ghcr.io/kubeflow/kfp-{name}:2.17.0"


class Spec(model.PageSpec, model.RunningSpec):
    """Kubeflow Pipelines for one namespace."""

    namespace: Namespace | None = Field(
        default="kubeflow", description="Where it and its runs are."
    )
    image: Image = Field(default=_image("api-server"), description="Its api-server image.")
    ui_image: Image = Field(default=_image("frontend"), description="Its frontend image.")
    agent_image: Image = Field(
        default=_image("persistence-agent"), description="Its persistence-agent image."
    )
    schedule_image: Image = Field(
        default=_image("scheduled-workflow-controller"),
        description="Its scheduled-workflow-controller image.",
    )
    envoy_image: Image = Field(
        default=_image("metadata-envoy"), description="Its metadata-envoy image."
    )
    driver_image: Image = Field(default=_image("driver"), description="Its driver image.")
    launcher_image: Image = Field(default=_image("launcher"), description="Its launcher image.")
    metadata_image: Image = Field(
        default="gcr.io/tfx-oss-public/ml_metadata_store_server:1.14.0",
        description="ML Metadata's image.",
    )
    bucket: Bucket | None = Field(
        default=None, description="The bucket of artefacts and logs; default: its name."
    )
    database: Database = Field(
        default="mlpipeline", description="The database of pipelines, runs and the cache."
    )
    metadata_database: Database = Field(
        default="metadb", description="The database of ML Metadata."
    )
    uses: model.ListOf[str] = Field(
        default=(), description="Instances whose client environment the steps get."
    )


def claims(me: model.Instance[Spec]) -> model.Claims:
    return {
        PIPELINES: mysql.Claim(database=me.spec.database),
        # ML Metadata's client supports no newer authentication method.
        METADATA: mysql.Claim(database=me.spec.metadata_database, native_password=True),
        ARTIFACTS: s3.Claim(buckets=(me.spec.bucket or me.name,), path_only=True),
        WORKFLOWS: workflows.Claim(repository=False),
    }


def offers(me: model.Instance[Spec]) -> model.Offers:
    pages = http.Offer(port=80, target=servers.UI_PORT, service=servers.UI, role="ui", ui=True)
    return {API: pipelines.Offer(port=servers.HTTP, service=servers.API, role="api"), UI: pages}


def lower(me: model.Instance[Spec], wiring: model.Wiring) -> Iterator[model.Piece]:
    store = wiring[ARTIFACTS]
    server_slots = {requires.slot for requires in SERVER_REQUIREMENTS}
    used = [endpoint for slot, endpoint in wiring.named if slot not in server_slots]
    steps = kube.client(me, used, trusted=[*used, store])
    patch = runs.patch(me, wiring[WORKFLOWS], store, steps)
    yield crd.scheduled_workflow()
    yield from metadata.lower(me, wiring[METADATA])
    yield from servers.api(me, wiring[PIPELINES], store, patch)
    yield from servers.agent(me)
    yield from servers.schedules(me)
    yield from servers.ui(me, store)
    yield from runs.lower(me, wiring[WORKFLOWS], store, steps)
