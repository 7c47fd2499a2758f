package knativeserving

import (
	"context"

	mf "github.com/manifestival/manifestival"
	"github.com/manifestival/manifestival/fake"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"knative.dev/operator/pkg/apis/operator/v1beta1"
	"knative.dev/operator/pkg/reconciler/common"
	"knative.dev/operator/pkg/reconciler/knativeserving/ingress"
	"knative.dev/operator/pkg/reconciler/knativeserving/security"
)

// Objects are those that the operator installs: the stages of ReconcileKind before `manifests.Install`.
func Objects(ctx context.Context, serving *v1beta1.KnativeServing) ([]unstructured.Unstructured, error) {
	empty, err := mf.ManifestFrom(mf.Slice{}, mf.UseClient(fake.New()))
	if err != nil {
		return nil, err
	}
	reconciler := &Reconciler{manifest: empty, extension: common.NoExtension(ctx, nil)}
	stages := common.Stages{
		common.AppendTarget,
		ingress.AppendTargetIngress,
		security.AppendTargetSecurity,
		reconciler.transform,
	}
	manifest := reconciler.manifest.Append()
	if err := stages.Execute(ctx, &manifest, serving); err != nil {
		return nil, err
	}
	return manifest.Resources(), nil
}
