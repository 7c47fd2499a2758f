package pod

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	fakeset "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/kserve/kserve/pkg/apis/serving/v1alpha1"
	"github.com/kserve/kserve/pkg/apis/serving/v1beta1"
)

// Mutated changes a pod as the webhook does, in a cluster that holds some objects.
func Mutated(ctx context.Context, pod *corev1.Pod, settings *corev1.ConfigMap, objects ...client.Object) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, v1beta1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	mutator := &Mutator{
		Client:    fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(),
		Clientset: fakeset.NewSimpleClientset(),
	}
	return mutator.mutate(ctx, pod, settings, &v1beta1.InferenceService{ObjectMeta: pod.ObjectMeta})
}
