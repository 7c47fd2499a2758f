"""The compiler's data types: instances, bindings, objects, packages."""

from compiler.document import Node, Path
from compiler.document.span import Span
from compiler.model.authority import Authority, HandedAuthority
from compiler.model.binding import (
    Binding,
    Claim,
    Claims,
    Endpoint,
    Offer,
    Offers,
    Provides,
    Requires,
    UnlabelledClients,
)
from compiler.model.component import Component, Piece
from compiler.model.credential import Credential, Random
from compiler.model.custom_resource import CopyOrder, CustomResource, OperatorWorkload, Solvers
from compiler.model.effects import COPY, Effect, FieldChange, Judgement, Risk, shrinks
from compiler.model.graph import Graph, Wiring
from compiler.model.injected import Injected, injected, releases
from compiler.model.instance import PREFIX, REPLACES, USES, Instance
from compiler.model.live_pod import LivePod
from compiler.model.manifest import Manifest
from compiler.model.metrics import Alert, Login, Metrics
from compiler.model.package import Lowered, Package, Platform
from compiler.model.prerequisite import Client, Prerequisite, Running
from compiler.model.problem import Problem
from compiler.model.resource import (
    ConfigFiles,
    ConfigRef,
    Egress,
    Env,
    Hop,
    Ingress,
    InternalTraffic,
    OperatorPods,
    Phase,
    Resource,
    SecretRef,
    pod_template,
)
from compiler.model.size import Size, local_disk, memory, memory_request, volume
from compiler.model.versions import OldestKubernetes
from compiler.spec.access import PageSpec, SignOnPageSpec
from compiler.spec.adopt import AdoptsData, AdoptsDatabaseServer, AdoptsService, AdoptsVolume
from compiler.spec.component import (
    Amounts,
    ChartSpec,
    Install,
    InstanceSpec,
    RecordSpec,
    Resources,
    RunningSpec,
    UpstreamSpec,
    VolumeSpec,
)
from compiler.spec.patch import Patch
from compiler.spec.section import ListOf, Section
from compiler.spec.settings import Settings

__all__ = [
    "COPY", "PREFIX", "REPLACES", "USES", "AdoptsData", "AdoptsDatabaseServer", "AdoptsService", "AdoptsVolume", "Alert", "Amounts", "Authority", "Binding", "ChartSpec", "Claim", "Claims", "Client", "Component",
    "ConfigFiles", "ConfigRef", "CopyOrder", "Credential", "CustomResource", "Effect", "Egress", "Endpoint",
    "Env", "FieldChange", "Graph", "HandedAuthority", "Hop", "Ingress", "Injected", "Install", "Instance", "InstanceSpec",
    "InternalTraffic", "Judgement", "ListOf", "LivePod", "Login", "Lowered", "Manifest", "Metrics", "Node", "Offer",
    "Offers", "OldestKubernetes", "OperatorPods", "OperatorWorkload", "Package", "PageSpec", "Patch", "Path",
    "Phase", "Piece", "Platform", "Prerequisite", "Problem", "Provides", "Random", "RecordSpec",
    "Requires", "Resource", "Resources", "Risk", "Running", "RunningSpec", "SecretRef", "Section", "Settings", "SignOnPageSpec",
    "Size", "Solvers", "Span", "UnlabelledClients", "UpstreamSpec", "VolumeSpec", "Wiring", "injected", "local_disk", "memory", "memory_request", "pod_template", "releases", "shrinks", "volume",
]  # fmt: skip
