module k8s-heartbeat.io/tests/node/workload

go 1.26.0
