// Command floor is the least that a Go program does for a verdict: one GET to the API server.
//
// It judges nothing: how soon it answers from zero is what the platform itself takes.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	roots := x509.NewCertPool()
	authority, _ := os.ReadFile(account + "ca.crt")
	roots.AppendCertsFromPEM(authority)
	token, _ := os.ReadFile(account + "token")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	server := fmt.Sprintf("https://%s:%s", os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	http.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/livez", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/apis/", func(answer http.ResponseWriter, asked *http.Request) {
		began := time.Now()
		request, _ := http.NewRequest(http.MethodGet, server+asked.URL.Path, nil)
		request.Header.Set("Authorization", "Bearer "+string(token))
		response, err := client.Do(request)
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
			return
		}
		response.Body.Close()
		answer.WriteHeader(response.StatusCode)
		fmt.Fprintf(os.Stderr, "{\"durationMs\": %.1f}\n", float64(time.Since(began).Microseconds())/1000)
	})
	fmt.Fprintln(os.Stderr, `{"message": "listening"}`)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(":"+os.Getenv("PORT"), nil))
	os.Exit(1)
}
