// Command syncorder lets Argo CD's own sync code, gitops-engine, work on a cluster that is a map, and tells what it did.
//
// Each line of standard input is a sync operation, each line of standard output what came of it. As Argo CD's
// controller does (`SyncAppState` of its controller/sync.go), it compares anew in every round and hands the results of
// the rounds before on to the next one.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"sort"
	"strings"
	gosync "sync"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube/kubetest"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

const namespace = "default"

// request is one operation. Objects are named as Kind/name.
type request struct {
	// Fresh forgets what is live first.
	Fresh  bool                         `json:"fresh"`
	Target []*unstructured.Unstructured `json:"target"`
	// Health is what Argo CD would say of objects; of those that are not here nothing, unless it says so by itself.
	Health map[string]string `json:"health"`
	// Refused are objects that the API server does not take.
	Refused []string `json:"refused"`
}

// answer is what came of it.
type answer struct {
	// End is Succeeded, Failed, or Waiting where nothing more would ever happen.
	End     string `json:"end"`
	Message string `json:"message"`
	// Log holds what was done: round, action (apply, refuse or prune) and object.
	Log  [][3]any `json:"log"`
	Live []string `json:"live"`
}

// cluster is what is live, and what kubectl would do with it.
type cluster struct {
	*kubetest.MockKubectlCmd
	lock  gosync.Mutex
	live  map[kube.ResourceKey]*unstructured.Unstructured
	asked request
	round int
	log   [][3]any
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, math.MaxInt32)
	out := json.NewEncoder(os.Stdout)
	at := &cluster{MockKubectlCmd: &kubetest.MockKubectlCmd{}}
	for lines.Scan() {
		at.asked = request{}
		must(json.Unmarshal(lines.Bytes(), &at.asked))
		found, err := at.operate()
		must(err)
		must(out.Encode(found))
	}
	must(lines.Err())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c *cluster) operate() (*answer, error) {
	if c.asked.Fresh || c.live == nil {
		c.live = map[kube.ResourceKey]*unstructured.Unstructured{}
	}
	c.log = [][3]any{}
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult(nil)
	started := metav1.Now()
	idle := 0
	for c.round = 0; !phase.Completed() && idle < 2; c.round++ {
		before := len(c.log)
		context, cleanup, err := sync.NewSyncContext(
			"", c.compare(), &rest.Config{Transport: c}, &rest.Config{Transport: c}, c, namespace,
			sync.WithPrune(true), sync.WithHealthOverride(c), sync.WithLogr(logr.Discard()),
			sync.WithInitialState(phase, message, results, started),
		)
		if err != nil {
			return nil, err
		}
		context.Sync()
		phase, message, results = context.GetState()
		cleanup()
		if idle++; len(c.log) > before {
			idle = 0
		}
	}
	if phase == common.OperationError {
		return nil, errors.New(message)
	}
	end := string(phase)
	if !phase.Completed() {
		end = "Waiting"
	}
	live := []string{}
	for _, each := range c.live {
		live = append(live, called(each))
	}
	sort.Strings(live)
	return &answer{end, message, c.log, live}, nil
}

// compare pairs what Git says with what is live.
func (c *cluster) compare() sync.ReconciliationResult {
	live := map[kube.ResourceKey]*unstructured.Unstructured{}
	for key, each := range c.live {
		live[key] = each.DeepCopy()
	}
	targets := []*unstructured.Unstructured{}
	for _, each := range c.asked.Target {
		targets = append(targets, inNamespace(each))
	}
	return sync.Reconcile(targets, live, namespace, c)
}

func inNamespace(object *unstructured.Unstructured) *unstructured.Unstructured {
	copied := object.DeepCopy()
	copied.SetNamespace(namespace)
	return copied
}

func called(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetName()
}

func (c *cluster) did(action, name string) {
	c.log = append(c.log, [3]any{c.round, action, name})
}

// IsNamespaced says so of every kind: bggen renders no other.
func (c *cluster) IsNamespaced(schema.GroupKind) (bool, error) {
	return true, nil
}

// GetResourceHealth takes the place of Argo CD's scripts, and of what becomes of objects.
func (c *cluster) GetResourceHealth(object *unstructured.Unstructured) (*health.HealthStatus, error) {
	if status, ok := c.asked.Health[called(object)]; ok {
		return &health.HealthStatus{Status: health.HealthStatusCode(status)}, nil
	}
	return nil, nil
}

// DeleteResource is kubectl's.
func (c *cluster) DeleteResource(
	_ context.Context, _ *rest.Config, kind schema.GroupVersionKind, name, namespace string, _ metav1.DeleteOptions,
) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	delete(c.live, kube.NewResourceKey(kind.Group, kind.Kind, namespace, name))
	c.did("prune", kind.Kind+"/"+name)
	return nil
}

// ManageResources is kubectl's.
func (c *cluster) ManageResources(*rest.Config) (kube.ResourceOperations, func(), error) {
	return &operations{&kubetest.MockResourceOps{}, c}, func() {}, nil
}

type operations struct {
	*kubetest.MockResourceOps
	cluster *cluster
}

// ApplyResource is kubectl's.
func (o *operations) ApplyResource(
	_ context.Context, object *unstructured.Unstructured, dry cmdutil.DryRunStrategy, _, _, _ bool, _ string,
) (string, error) {
	if dry != cmdutil.DryRunNone {
		return "", nil
	}
	o.cluster.lock.Lock()
	defer o.cluster.lock.Unlock()
	for _, refused := range o.cluster.asked.Refused {
		if refused == called(object) {
			o.cluster.did("refuse", refused)
			return "", errors.New("refused")
		}
	}
	made := object.DeepCopy()
	// What is live is told apart by it.
	made.SetUID(types.UID(called(object)))
	o.cluster.live[kube.GetResourceKey(object)] = made
	o.cluster.did("apply", called(object))
	return "", nil
}

// RoundTrip answers what discovery asks: the kinds of all objects exist.
func (c *cluster) RoundTrip(asked *http.Request) (*http.Response, error) {
	version := strings.TrimPrefix(strings.TrimPrefix(asked.URL.Path, "/apis/"), "/api/")
	list := metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: version,
	}
	known := map[string]bool{}
	add := func(object *unstructured.Unstructured) {
		kind := object.GetKind()
		if object.GetAPIVersion() == version && !known[kind] {
			known[kind] = true
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: strings.ToLower(kind) + "s", Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"get", "delete"},
			})
		}
	}
	for _, each := range c.asked.Target {
		add(each)
	}
	for _, each := range c.live {
		add(each)
	}
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(body)),
		Request:    asked,
	}, nil
}
