{{/* The application's name, as the label app.kubernetes.io/name has it. */}}
{{- define "k8s-heartbeat.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/*
The name of every object: the release's, which is followed by the application's unless it has that
in it. It leaves room for the longest suffix, "-auth-delegator".
*/}}
{{- define "k8s-heartbeat.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "k8s-heartbeat.selectorLabels" -}}
app.kubernetes.io/name: {{ include "k8s-heartbeat.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels that every object has, whatever its role. */}}
{{- define "k8s-heartbeat.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "k8s-heartbeat.labels" -}}
{{ include "k8s-heartbeat.selectorLabels" . }}
{{ include "k8s-heartbeat.commonLabels" . }}
{{- end }}

{{/* The CronJob's pods must not be taken for those of the service, so they have a name of their own. */}}
{{- define "k8s-heartbeat.pushSelectorLabels" -}}
app.kubernetes.io/name: {{ include "k8s-heartbeat.name" . }}-push
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The same for the pod of `helm test`. */}}
{{- define "k8s-heartbeat.testSelectorLabels" -}}
app.kubernetes.io/name: {{ include "k8s-heartbeat.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "k8s-heartbeat.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "k8s-heartbeat.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "k8s-heartbeat.image" -}}
{{- $image := .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $image .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $image (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The Secret that the service reads its token or its tokens file from. */}}
{{- define "k8s-heartbeat.secretName" -}}
{{- if .Values.auth.existingSecret }}
{{- .Values.auth.existingSecret }}
{{- else if eq .Values.auth.mode "tokens" }}
{{- include "k8s-heartbeat.fullname" . }}-tokens
{{- else }}
{{- include "k8s-heartbeat.fullname" . }}
{{- end }}
{{- end }}

{{/* The ConfigMap with the configuration file; empty where there is none. */}}
{{- define "k8s-heartbeat.configMapName" -}}
{{- if .Values.existingConfigMap }}
{{- .Values.existingConfigMap }}
{{- else if .Values.config }}
{{- include "k8s-heartbeat.fullname" . }}
{{- end }}
{{- end }}

{{- define "k8s-heartbeat.pushSecretName" -}}
{{- default (printf "%s-push" (include "k8s-heartbeat.fullname" .)) .Values.push.existingSecret }}
{{- end }}

{{/* Where each path of the service begins. */}}
{{- define "k8s-heartbeat.basePath" -}}
{{- .Values.settings.HEARTBEAT_BASE_PATH | default "" }}
{{- end }}

{{/* The path of the verdict on the service itself; empty where its roles do not reach that far. */}}
{{- define "k8s-heartbeat.ownPath" -}}
{{- $namespaces := .Values.rbac.namespaces }}
{{- if not (and (eq .Values.rbac.scope "namespaced") $namespaces (not (has .Release.Namespace $namespaces))) }}
{{- printf "/api/healthz/%s/deployment/%s" .Release.Namespace (include "k8s-heartbeat.fullname" .) }}
{{- end }}
{{- end }}

{{/* A whole number of a values file is a float to Helm, and 1e+06 from a million on. */}}
{{- define "k8s-heartbeat.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The settings, as the container's environment. */}}
{{- define "k8s-heartbeat.env" -}}
{{- if eq .Values.auth.mode "token" }}
- name: AUTH_TOKEN_BASIC_FILE
  value: /var/run/secrets/k8s-heartbeat/token
{{- else if eq .Values.auth.mode "tokens" }}
- name: HEARTBEAT_TOKENS_FILE
  value: /var/run/secrets/k8s-heartbeat/tokens.yaml
{{- else }}
- name: HEARTBEAT_AUTH
  value: {{ .Values.auth.mode }}
{{- end }}
{{- if and (eq .Values.auth.mode "kubernetes") .Values.auth.audiences }}
- name: HEARTBEAT_AUDIENCES
  value: {{ join "," .Values.auth.audiences | quote }}
{{- end }}
{{- if include "k8s-heartbeat.configMapName" . }}
- name: HEARTBEAT_CONFIG
  value: /etc/k8s-heartbeat/heartbeat.yaml
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ include "k8s-heartbeat.text" $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the service asks of the API server in a namespace, and nothing else. No secrets. */}}
{{- define "k8s-heartbeat.namespacedRules" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list]
- apiGroups: [""]
  resources: [pods, replicationcontrollers, services, endpoints, persistentvolumeclaims]
  verbs: [get, list]
- apiGroups: [""]
  resources: [events]
  verbs: [list]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list]
{{- end }}

{{/* What stands in no namespace, and kinds of other projects, of no effect where they are not installed. */}}
{{- define "k8s-heartbeat.clusterRules" -}}
- apiGroups: [""]
  resources: [nodes, namespaces, persistentvolumes]
  verbs: [get, list]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses, volumeattachments]
  verbs: [get, list]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list]
- apiGroups: [apiregistration.k8s.io]
  resources: [apiservices]
  verbs: [get, list]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, list]
- apiGroups: [resource.k8s.io]
  resources: [resourceclaims]
  verbs: [get, list]
- apiGroups: [certificates.k8s.io]
  resources: [certificatesigningrequests]
  verbs: [get, list]
- apiGroups: [admissionregistration.k8s.io]
  resources: [validatingadmissionpolicies]
  verbs: [get, list]
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list]
- apiGroups: [serving.knative.dev]
  resources: [services, routes, configurations, revisions]
  verbs: [get, list]
{{- end }}

{{/* Refuses values that are well formed, each by itself, and make nothing that works. */}}
{{- define "k8s-heartbeat.check" -}}
{{- if not (or .Values.server.enabled .Values.push.enabled) }}
{{- fail "server.enabled: false leaves nothing to install; set push.enabled: true beside it" }}
{{- end }}
{{- if and (eq .Values.auth.mode "tokens") (not .Values.auth.existingSecret) (not .Values.auth.tokens) }}
{{- fail "auth.tokens: name at least one token, such as {name: uptimerobot, sha256: the line of `k8s-heartbeat token`}, or set auth.existingSecret" }}
{{- end }}
{{- if and .Values.existingConfigMap .Values.config }}
{{- fail "existingConfigMap: stands beside config, and one excludes the other" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.hosts: name at least one host, such as [heartbeat.example.com]" }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
{{- fail "httpRoute.parentRefs: name at least one Gateway, such as [{name: public, namespace: gateways}]" }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (has .Values.auth.mode (list "tokens" "kubernetes")) (not .Values.serviceMonitor.existingSecret) }}
{{- fail (printf "serviceMonitor.existingSecret: name the Secret with the token that Prometheus carries; with auth.mode: %s the chart has none" .Values.auth.mode) }}
{{- end }}
{{- if and .Values.auth.tokens (ne .Values.auth.mode "tokens") }}
{{- fail (printf "auth.tokens: is read with auth.mode: tokens alone, and the mode is %s; set auth.mode: tokens beside it, or leave it out" .Values.auth.mode) }}
{{- end }}
{{- if and .Values.auth.tokens .Values.auth.existingSecret }}
{{- fail "auth.tokens: stands beside auth.existingSecret, and one excludes the other" }}
{{- end }}
{{- if and .Values.auth.existingSecret (has .Values.auth.mode (list "kubernetes" "none")) }}
{{- fail (printf "auth.existingSecret: auth.mode: %s reads no Secret; set auth.mode to token or tokens, or leave it out" .Values.auth.mode) }}
{{- end }}
{{- if and (ne (join "," .Values.auth.audiences) "k8s-heartbeat") (ne .Values.auth.mode "kubernetes") }}
{{- fail (printf "auth.audiences: is read with auth.mode: kubernetes alone, and the mode is %s; set auth.mode: kubernetes beside it, or leave it out" .Values.auth.mode) }}
{{- end }}
{{- if and .Values.rbac.namespaces (ne .Values.rbac.scope "namespaced") }}
{{- fail "rbac.namespaces: with rbac.scope: cluster all namespaces are read; set rbac.scope: namespaced beside it, or leave it out" }}
{{- end }}
{{- if and .Values.rbac.extraRules (not .Values.rbac.create) }}
{{- fail "rbac.extraRules: with rbac.create: false no role is made; leave one of the two out" }}
{{- end }}
{{- range .Values.rbac.extraRules }}
{{- if has "secrets" .resources }}
{{- fail "rbac.extraRules: secrets are never read; leave them out" }}
{{- end }}
{{- end }}
{{- if and .Values.push.enabled (eq .Values.rbac.scope "namespaced") (gt (len .Values.rbac.namespaces) 1) (not .Values.push.args) }}
{{- fail "push.args: a run judges one namespace, or a component of several; name one of the two, such as [--namespace, shop] or [--component, checkout]" }}
{{- end }}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.name: with serviceAccount.create: false the roles would be given to the account of every other pod in the namespace; name an account of its own" }}
{{- end }}
{{- range $label, $_ := .Values.commonLabels }}
{{- if has $label (list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart") }}
{{- fail (printf "commonLabels: %s is the chart's own, and its objects are found by it; leave it out" $label) }}
{{- end }}
{{- end }}
{{- range $label, $_ := .Values.podLabels }}
{{- if has $label (list "app.kubernetes.io/name" "app.kubernetes.io/instance") }}
{{- fail (printf "podLabels: %s is the chart's own, and the pods are found by it; leave it out" $label) }}
{{- end }}
{{- end }}
{{- $drain := int64 (dig "HEARTBEAT_DRAIN_SECONDS" 5 .Values.settings) }}
{{- $least := add $drain 20 }}
{{- if and .Values.server.enabled (lt (int64 .Values.terminationGracePeriodSeconds) $least) }}
{{- fail (printf "terminationGracePeriodSeconds: %d is less than HEARTBEAT_DRAIN_SECONDS (%d) and the 20 s that requests in flight may take; set at least %d" (int64 .Values.terminationGracePeriodSeconds) $drain $least) }}
{{- end }}
{{- if and .Values.networkPolicy.from (not .Values.networkPolicy.enabled) }}
{{- fail "networkPolicy.from: without a NetworkPolicy everybody may connect; set networkPolicy.enabled: true beside it, or leave it out" }}
{{- end }}
{{- include "k8s-heartbeat.checkEnv" . }}
{{- end }}

{{/*
Refuses further variables that another value sets: of two with one name the later one counts, so they
would take the place of what the chart says of who may ask, and of what the schema holds to its form.
*/}}
{{- define "k8s-heartbeat.checkEnv" -}}
{{- $instead := dict
  "AUTH_TOKEN_BASIC" "auth.existingSecret"
  "AUTH_TOKEN_BASIC_FILE" "auth.existingSecret"
  "HEARTBEAT_TOKENS_FILE" "auth.mode: tokens"
  "HEARTBEAT_AUTH" "auth.mode"
  "HEARTBEAT_AUDIENCES" "auth.audiences"
  "HEARTBEAT_CONFIG" "config or existingConfigMap"
  "PORT" "service.port" }}
{{- range $name := list
  "HEARTBEAT_REVIEW_TTL" "HEARTBEAT_HOST" "HEARTBEAT_BASE_PATH" "HEARTBEAT_URL" "LOG_LEVEL" "RATE_LIMIT"
  "RATE_LIMIT_PERIOD" "HEARTBEAT_TOKEN_RATE_LIMIT" "HEARTBEAT_FAILED_AUTH_LIMIT"
  "HEARTBEAT_FAILED_AUTH_PERIOD" "HEARTBEAT_TRUSTED_PROXIES" "HEARTBEAT_DETAIL" "HEARTBEAT_STATUS_CODES"
  "HEARTBEAT_CORS_ORIGINS" "HEARTBEAT_CACHE_TTL" "HEARTBEAT_STALE_FOR" "HEARTBEAT_TIMEOUT"
  "HEARTBEAT_THREADS" "HEARTBEAT_DRAIN_SECONDS" }}
{{- $_ := set $instead $name (printf "settings.%s" $name) }}
{{- end }}
{{- range $entry := .Values.extraEnv }}
{{- with get $instead $entry.name }}
{{- fail (printf "extraEnv: %s is set by another value; use %s" $entry.name .) }}
{{- end }}
{{- end }}
{{- $instead = dict "HEARTBEAT_CONFIG" "config or existingConfigMap" }}
{{- range list "url" "as" "token" }}
{{- $name := printf "HEARTBEAT_PUSH_%s" (upper .) }}
{{- $value := printf "push.existingSecret, a Secret with the key %s" . }}
{{- $instead = merge $instead (dict $name $value (printf "%s_FILE" $name) $value) }}
{{- end }}
{{- range $entry := .Values.push.extraEnv }}
{{- with get $instead $entry.name }}
{{- fail (printf "push.extraEnv: %s is set by another value; use %s" $entry.name .) }}
{{- end }}
{{- end }}
{{- end }}
