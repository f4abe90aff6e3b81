// Command syncer syncs each commit of a config repo to a cluster by Argo CD's own code, gitops-engine.
//
//	syncer REPO FOLDER NAMESPACE KUBECONFIG
//
// As Argo CD's controller does (`SyncAppState` of its controller/sync.go), it compares anew in every round and hands the
// results of the rounds before on to the next one; a sync that failed is tried again. One that waits is ended by a newer
// commit, as somebody would by `argocd app terminate-op`. Of Argo CD's health scripts it has that of Rollouts alone. What
// it does is told on standard output.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	tracking = "argocd.argoproj.io/tracking-id"
	pause    = 200 * time.Millisecond
)

type syncer struct {
	repo, folder, namespace string
	config                  *rest.Config
	cache                   cache.ClusterCache
	kubectl                 kube.Kubectl
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: syncer REPO FOLDER NAMESPACE KUBECONFIG")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(repo, folder, namespace, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400
	config.WarningHandler = rest.NoWarnings{}
	found := cache.NewClusterCache(
		config, cache.SetNamespaces([]string{namespace}), cache.SetLogr(logr.Discard()),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			id := object.GetAnnotations()[tracking]
			return id, id != ""
		}),
	)
	if err := found.EnsureSynced(); err != nil {
		return err
	}
	kubectl := &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}}
	s := &syncer{repo, folder, namespace, config, found, kubectl}
	for done := ""; ; time.Sleep(pause) {
		revision, err := s.git("rev-parse", "HEAD")
		if err != nil {
			return err
		}
		if revision == done {
			continue
		}
		ended, err := s.sync(revision)
		if err != nil {
			return err
		}
		if ended {
			done = revision
		}
	}
}

// sync does one operation, and says whether that was the end of it.
func (s *syncer) sync(revision string) (bool, error) {
	targets, err := s.targets(revision)
	if err != nil {
		return false, err
	}
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult(nil)
	for started := metav1.Now(); !phase.Completed(); time.Sleep(pause) {
		before := message
		phase, message, results, err = s.round(revision, targets, started, phase, message, results)
		if err != nil {
			return false, err
		}
		if message != before {
			fmt.Println(revision[:7], phase, message)
		}
		if newest, err := s.git("rev-parse", "HEAD"); err != nil || newest != revision && !phase.Completed() {
			fmt.Println(revision[:7], "ended for", newest)
			return false, err
		}
	}
	if phase == common.OperationError {
		return false, errors.New(message)
	}
	for _, each := range results {
		if each.Status == common.ResultCodeSyncFailed || each.HookPhase == common.OperationFailed {
			fmt.Println(revision[:7], "failed", each.ResourceKey.Name, each.Message)
		}
	}
	return phase == common.OperationSucceeded, nil
}

func (s *syncer) round(
	revision string, targets []*unstructured.Unstructured, started metav1.Time, phase common.OperationPhase,
	message string, results []common.ResourceSyncResult,
) (common.OperationPhase, string, []common.ResourceSyncResult, error) {
	copies := []*unstructured.Unstructured{}
	for _, each := range targets {
		copies = append(copies, each.DeepCopy())
	}
	live, err := s.cache.GetManagedLiveObjs(copies, func(found *cache.Resource) bool { return found.Info != "" })
	if err != nil {
		return phase, message, results, err
	}
	context, cleanup, err := sync.NewSyncContext(
		revision, sync.Reconcile(copies, live, s.namespace, s.cache), s.config, s.config, s.kubectl, s.namespace,
		sync.WithPrune(true), sync.WithHealthOverride(rollouts{}), sync.WithLogr(logr.Discard()),
		sync.WithInitialState(phase, message, results, started),
	)
	if err != nil {
		return phase, message, results, err
	}
	defer cleanup()
	context.Sync()
	phase, message, results = context.GetState()
	return phase, message, results, nil
}

// targets returns what the manifests of a commit say, with the annotation by which Argo CD knows its own.
func (s *syncer) targets(revision string) ([]*unstructured.Unstructured, error) {
	names, err := s.git("ls-tree", "-r", "--name-only", revision, s.folder+"/")
	if err != nil {
		return nil, err
	}
	found := []*unstructured.Unstructured{}
	for _, name := range strings.Fields(names) {
		text, err := s.git("show", revision+":"+name)
		if err != nil {
			return nil, err
		}
		objects, err := kube.SplitYAML([]byte(text))
		if err != nil {
			return nil, err
		}
		for _, each := range objects {
			annotations := each.GetAnnotations()
			if annotations == nil {
				annotations = map[string]string{}
			}
			key := kube.GetResourceKey(each)
			annotations[tracking] = "app:" + key.String()
			each.SetAnnotations(annotations)
			found = append(found, each)
		}
	}
	return found, nil
}

func (s *syncer) git(words ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", s.repo}, words...)...).Output()
	return strings.TrimSpace(string(out)), err
}

type rollouts struct{}

// GetResourceHealth does what resource_customizations/argoproj.io/Rollout/health.lua of Argo CD does with their phase.
func (rollouts) GetResourceHealth(object *unstructured.Unstructured) (*health.HealthStatus, error) {
	if object.GetKind() != "Rollout" {
		return nil, nil
	}
	observed, _, err := unstructured.NestedString(object.Object, "status", "observedGeneration")
	if err != nil {
		return nil, err
	}
	phase, _, err := unstructured.NestedString(object.Object, "status", "phase")
	if err != nil {
		return nil, err
	}
	known := map[string]health.HealthStatusCode{
		"Healthy":  health.HealthStatusHealthy,
		"Paused":   health.HealthStatusSuspended,
		"Degraded": health.HealthStatusDegraded,
	}
	status, ok := known[phase]
	if !ok || observed != strconv.FormatInt(object.GetGeneration(), 10) {
		status = health.HealthStatusProgressing
	}
	return &health.HealthStatus{Status: status}, nil
}
