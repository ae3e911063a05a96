// Command gateway is an ingress gateway for Knative Serving: it sends each request where the
// Ingresses of its class say, and marks those Ingresses as ready.
//
// A revision's own Service leads to its pods or, where there are none, to the activator: to send
// a request there is all that it takes.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	account   = "/var/run/secrets/kubernetes.io/serviceaccount/"
	ingresses = "/apis/networking.internal.knative.dev/v1alpha1/ingresses"
	classKey  = "networking.knative.dev/ingress.class"
	// How often it looks for what has changed.
	period = 100 * time.Millisecond
)

type ingress struct {
	Metadata struct {
		Name, Namespace string
		Annotations     map[string]string
		Generation      int64
	}
	Spec struct {
		Rules []struct {
			Hosts []string
			HTTP  struct{ Paths []path }
		}
	}
	Status struct {
		ObservedGeneration int64
		Conditions         []struct{ Type, Status string }
	}
}

type path struct {
	Splits        []split
	AppendHeaders map[string]string
}

type split struct {
	ServiceName, ServiceNamespace string
	ServicePort                   int
	Percent                       int
	AppendHeaders                 map[string]string
}

// Where requests go, by their Host.
var routes atomic.Pointer[map[string]path]

func main() {
	routes.Store(&map[string]path{})
	server, class := newAPI(), os.Getenv("INGRESS_CLASS")
	go func() {
		for ; ; time.Sleep(period) {
			if err := reconcile(server, class); err != nil {
				log.Print(err)
			}
		}
	}()
	// A connection of its own for each request: a kept one would go on to where a Service led once.
	transport := &http.Transport{DisableKeepAlives: true, MaxIdleConns: 1}
	proxy := &httputil.ReverseProxy{Rewrite: rewrite, Transport: transport}
	log.Fatal(http.ListenAndServe(":8080", http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if _, found := (*routes.Load())[hostname(request.Host)]; !found {
			http.Error(answer, "no Ingress has the host "+strconv.Quote(request.Host), http.StatusNotFound)
			return
		}
		proxy.ServeHTTP(answer, request)
	})))
}

func rewrite(request *httputil.ProxyRequest) {
	route := (*routes.Load())[hostname(request.In.Host)]
	to := choose(route.Splits)
	request.Out.URL = &url.URL{
		Scheme:   "http",
		Host:     fmt.Sprintf("%s.%s.svc.cluster.local:%d", to.ServiceName, to.ServiceNamespace, to.ServicePort),
		Path:     request.In.URL.Path,
		RawPath:  request.In.URL.RawPath,
		RawQuery: request.In.URL.RawQuery,
	}
	request.Out.Host = request.In.Host
	request.Out.Header["X-Forwarded-For"] = request.In.Header["X-Forwarded-For"]
	request.SetXForwarded()
	for name, value := range merged(route.AppendHeaders, to.AppendHeaders) {
		request.Out.Header.Set(name, value)
	}
}

func choose(splits []split) split {
	left := rand.IntN(100)
	for _, to := range splits {
		if left -= to.Percent; left < 0 {
			return to
		}
	}
	return splits[len(splits)-1]
}

func merged(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

func reconcile(server *api, class string) error {
	var list struct{ Items []ingress }
	if err := server.do(http.MethodGet, ingresses, nil, &list); err != nil {
		return err
	}
	found := map[string]path{}
	var fresh []ingress
	for _, item := range list.Items {
		if item.Metadata.Annotations[classKey] != class {
			continue
		}
		for _, rule := range item.Spec.Rules {
			for _, host := range rule.Hosts {
				if len(rule.HTTP.Paths) > 0 && len(rule.HTTP.Paths[0].Splits) > 0 {
					found[host] = rule.HTTP.Paths[0]
				}
			}
		}
		if item.Status.ObservedGeneration != item.Metadata.Generation || !item.isReady() {
			fresh = append(fresh, item)
		}
	}
	// First the routes, then the word that they are there.
	routes.Store(&found)
	for _, item := range fresh {
		if err := server.markReady(item); err != nil {
			return err
		}
	}
	return nil
}

func (item ingress) isReady() bool {
	for _, condition := range item.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

type api struct {
	url    string
	token  string
	client http.Client
}

func newAPI() *api {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(account + "ca.crt")))
	return &api{
		url:    "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")),
		token:  string(must(os.ReadFile(account + "token"))),
		client: http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 5 * time.Second},
	}
}

func must(content []byte, err error) []byte {
	if err != nil {
		log.Fatal(err)
	}
	return content
}

func (server *api) markReady(item ingress) error {
	now := time.Now().UTC().Format(time.RFC3339)
	var conditions []map[string]string
	for _, kind := range []string{"NetworkConfigured", "LoadBalancerReady", "Ready"} {
		conditions = append(conditions, map[string]string{"type": kind, "status": "True", "lastTransitionTime": now})
	}
	self := map[string]any{"ingress": []map[string]string{{"domainInternal": os.Getenv("OWN_NAME")}}}
	status := map[string]any{
		"observedGeneration":  item.Metadata.Generation,
		"conditions":          conditions,
		"publicLoadBalancer":  self,
		"privateLoadBalancer": self,
	}
	where := fmt.Sprintf(
		"/apis/networking.internal.knative.dev/v1alpha1/namespaces/%s/ingresses/%s/status",
		item.Metadata.Namespace, item.Metadata.Name,
	)
	return server.do(http.MethodPatch, where, map[string]any{"status": status}, nil)
}

func (server *api) do(method, where string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, server.url+where, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+server.token)
	request.Header.Set("Content-Type", "application/merge-patch+json")
	response, err := server.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(response.Body)
		return fmt.Errorf("%s %s: %s %s", method, where, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
