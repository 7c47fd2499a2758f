"""The images that Knative's operator starts, by which it pulls them from a mirror.

The operator takes an image by the names of its Deployment and its container, or by the name of its container or of
its Image object, from `spec.registry.override` of its object (operator 0.48, pkg/reconciler/common/images.go). The
images are those of the release's manifests in the operator (cmd/operator/kodata), which have digests and no tags. The
proxy in the pods of revisions is in a ConfigMap, in which the operator replaces nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

_FROM = "gcr.io/knative-releases/knative.dev"
PROXY = "queue-proxy"
# By release.
IMAGES: Mapping[str, Mapping[str, str]] = {
    "1.21.1": {
        PROXY: f"{_FROM}/serving/cmd/queue"
        "@sha256:40957d3ced3b185b7a78bbd771be69b0a13137dcbee5ff7f82ae738b56037d9c",
        "activator/activator": f"{_FROM}/serving/cmd/activator"
        "@sha256:cf8d126fc08e596b742025f6e53c97abf921f7bd6394d29c200e79c1c323dc6e",
        "autoscaler/autoscaler": f"{_FROM}/serving/cmd/autoscaler"
        "@sha256:35045ef7c35c6151f0565094cc5ec240a886ba2e5a844366b22a074342af3edf",
        "controller/controller": f"{_FROM}/serving/cmd/controller"
        "@sha256:622546def05a9b181123d35ede4e4a6e60d7751ae558ea2c5306978b30c24d5c",
        "webhook/webhook": f"{_FROM}/serving/cmd/webhook"
        "@sha256:8754cefd1f1db905495de5ba707b37459cc212b830d40962162654986d264d74",
        "autoscaler-hpa/autoscaler-hpa": f"{_FROM}/serving/cmd/autoscaler-hpa"
        "@sha256:8493e55beff91d149d584ac193b25ad9439bf1098f6cee0d394e43f2a9a323ef",
        "migrate": f"{_FROM}/pkg/apiextensions/storageversion/cmd/migrate"
        "@sha256:6106427387f7f50f672218d0d68668cd20a571684cccb40da6f3cf6ae048ea1c",
        "cleanup": f"{_FROM}/serving/pkg/cleanup/cmd/cleanup"
        "@sha256:c7029681e28723a8ccae4c7a0054db87e8dc71f37868465d0a3c07ad39c2c948",
        "net-istio-controller/controller": f"{_FROM}/net-istio/cmd/controller"
        "@sha256:915a3a9b8caea8cceb59258ca2b941c83f0ab230aef5c1dd3b9499574ac3f379",
        "net-istio-webhook/webhook": f"{_FROM}/net-istio/cmd/webhook"
        "@sha256:4d9c50245aeafb269876d05ddb95d235372abfe2b2ac1c9d8c7cd3a2ccf2d6b7",
    }
}
