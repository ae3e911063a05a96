module k8s-heartbeat.io/tests/knative

go 1.26.0
