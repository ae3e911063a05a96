"""What is known of other projects' kinds, where their names do not say it; see `entry`.

Each entry names what it comes from: the Go type of the kind, or its documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .entry import Entry
from .words import Sense

__all__ = ["CATALOGUE"]

_Key = tuple[str, str]


def _kinds(group: str, names: str) -> Iterable[_Key]:
    return ((group, name) for name in names.split())


def _silent(source: str, *places: tuple[str, str]) -> dict[_Key, Entry]:
    """Kinds that state nothing, or what says nothing of health."""
    keys = (key for group, names in places for key in _kinds(group, names))
    return dict.fromkeys(keys, Entry(source, silent=True))


_CERTIFICATES: Mapping[_Key, Entry] = {
    ("cert-manager.io", "*"): Entry("cert-manager: pkg/apis/certmanager/v1", must=("Ready",)),
    **dict.fromkeys(
        _kinds("acme.cert-manager.io", "Order Challenge"),
        Entry(
            "cert-manager: pkg/apis/acme/v1, State",
            words=("status.state",),
            means={"ready": Sense.CHANGING},
            ends=True,
        ),
    ),
    ("trust.cert-manager.io", "Bundle"): Entry(
        "trust-manager: pkg/apis/trust/v1alpha1, BundleConditionSynced", must=("Synced",)
    ),
    **dict.fromkeys(
        _kinds("external-secrets.io", "ExternalSecret SecretStore ClusterSecretStore PushSecret"),
        Entry("external-secrets: apis/externalsecrets/v1", must=("Ready",)),
    ),
    ("bitnami.com", "SealedSecret"): Entry(
        "sealed-secrets: pkg/apis/sealedsecrets/v1alpha1, SealedSecretSynced", must=("Synced",)
    ),
    **dict.fromkeys(
        _kinds("secrets.hashicorp.com", "VaultAuth VaultConnection"),
        Entry("vault-secrets-operator: api/v1beta1", flags=("status.valid",)),
    ),
    **dict.fromkeys(
        _kinds("secrets.hashicorp.com", "VaultStaticSecret VaultDynamicSecret VaultPKISecret"),
        Entry("vault-secrets-operator: api/v1beta1", flags=("status.valid",), silent=True),
    ),
}

_DELIVERY: Mapping[_Key, Entry] = {
    **dict.fromkeys(
        (
            *_kinds("source.toolkit.fluxcd.io", "GitRepository OCIRepository Bucket HelmChart"),
            *_kinds("kustomize.toolkit.fluxcd.io", "Kustomization"),
            *_kinds("helm.toolkit.fluxcd.io", "HelmRelease"),
            *_kinds("image.toolkit.fluxcd.io", "ImageRepository ImagePolicy ImageUpdateAutomation"),
            *_kinds("notification.toolkit.fluxcd.io", "Receiver"),
        ),
        Entry("Flux: ReadyCondition of fluxcd/pkg/apis/meta", must=("Ready",)),
    ),
    ("argoproj.io", "Application"): Entry(
        "Argo CD: pkg/apis/application/v1alpha1, HealthStatus",
        words=("status.health.status",),
        message=("status.health.message", "status.conditions[].message"),
    ),
    ("argoproj.io", "ApplicationSet"): Entry(
        "Argo CD: pkg/apis/application/v1alpha1, ApplicationSetConditionType",
        must=("ResourcesUpToDate",),
        fails=("ErrorOccurred",),
    ),
    ("argoproj.io", "Workflow"): Entry(
        "Argo Workflows: pkg/apis/workflow/v1alpha1, WorkflowPhase",
        words=("status.phase",),
        means={"skipped": Sense.GOOD},
        ignore=("*",),
    ),
    ("argoproj.io", "CronWorkflow"): Entry(
        "Argo Workflows: docs/cron-workflows.md",
        fails=("SpecError", "SubmissionError"),
        ends=False,
        silent=True,
    ),
    **dict.fromkeys(
        _kinds("argoproj.io", "AnalysisRun Experiment"),
        Entry(
            "Argo Rollouts: pkg/apis/rollouts/v1alpha1, AnalysisPhase",
            words=("status.phase",),
            means={"inconclusive": Sense.DEGRADED},
            ignore=("*",),
        ),
    ),
    ("kargo.akuity.io", "Promotion"): Entry(
        "Kargo: api/v1alpha1, PromotionPhase", words=("status.phase",), ends=True
    ),
    ("flagger.app", "Canary"): Entry(
        "Flagger: pkg/apis/flagger/v1beta1, CanaryPhase; the primary serves what failed",
        words=("status.phase",),
        means={
            "failed": Sense.DEGRADED,
            "finalising": Sense.CHANGING,
            "waiting": Sense.CHANGING,
            "waitingpromotion": Sense.CHANGING,
            "terminated": Sense.ENDING,
        },
        ignore=("*",),
        message=("status.conditions[].message",),
    ),
    ("pulumi.com", "Stack"): Entry(
        "Pulumi operator: api/pulumi/v1, StackUpdateState", words=("status.lastUpdate.state",)
    ),
    **dict.fromkeys(
        _kinds("pkg.crossplane.io", "Provider Configuration Function"),
        Entry("Crossplane: apis/pkg/v1, TypeInstalled", must=("Installed", "Healthy")),
    ),
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"): Entry(
        "Crossplane: apis/apiextensions/v1, TypeEstablished", must=("Established",)
    ),
    ("*.services.k8s.aws", "*"): Entry(
        "AWS Controllers for Kubernetes: runtime/apis/core/v1alpha1, ConditionType",
        soft=("ACK.ResourceSynced",),
    ),
}

_NETWORK: Mapping[_Key, Entry] = {
    **dict.fromkeys(
        _kinds(
            "gateway.networking.k8s.io",
            "GatewayClass HTTPRoute GRPCRoute TCPRoute TLSRoute UDPRoute BackendTLSPolicy",
        ),
        Entry("Gateway API: apis/v1, RouteConditionAccepted", must=("Accepted",)),
    ),
    ("gateway.networking.k8s.io", "Gateway"): Entry(
        "Gateway API: apis/v1, GatewayConditionProgrammed", must=("Programmed",)
    ),
    ("projectcontour.io", "HTTPProxy"): Entry(
        "Contour: apis/projectcontour/v1, HTTPProxyStatus",
        words=("status.currentStatus",),
        means={"orphaned": Sense.FAILED},
        message=("status.description",),
    ),
    **dict.fromkeys(
        _kinds("networking.istio.io", "*"),
        Entry(
            "istio.io/api: analysis/v1alpha1, AnalysisMessageBase_Level",
            words=("status.validationMessages[].level",),
            means={
                "error": Sense.DEGRADED,
                "warning": Sense.GOOD,
                "info": Sense.GOOD,
                "unknown": Sense.GOOD,
            },
            silent=True,
        ),
    ),
    ("install.istio.io", "IstioOperator"): Entry(
        "istio.io/api: operator/v1alpha1, InstallStatus_Status",
        words=("status.status",),
        means={"actionrequired": Sense.DEGRADED, "none": Sense.STARTING},
    ),
    **dict.fromkeys(
        (*_kinds("gloo.solo.io", "*"), *_kinds("gateway.solo.io", "*")),
        Entry(
            "Gloo: projects/gloo/api/v1 and solo-kit core.Status.State",
            words=("status.statuses.*.state", "status.state"),
            message=("status.statuses.*.reason", "status.reason"),
            silent=True,
        ),
    ),
    ("cilium.io", "CiliumLoadBalancerIPPool"): Entry(
        "Cilium: pkg/k8s/apis/cilium.io/v2, its conditions carry figures",
        ignore=("cilium.io/IPsTotal", "cilium.io/IPsAvailable", "cilium.io/IPsUsed"),
        silent=True,
    ),
    ("networking.gke.io", "ManagedCertificate"): Entry(
        "GKE: Google-managed SSL certificates, Certificate status",
        words=("status.certificateStatus",),
        means={"failednotvisible": Sense.FAILED, "renewalfailed": Sense.DEGRADED},
    ),
    **dict.fromkeys(
        _kinds("autoscaling.internal.knative.dev", "PodAutoscaler"),
        Entry("Knative: pkg/apis/autoscaling/v1alpha1, MarkInactive", holds=("NoTraffic",)),
    ),
    **dict.fromkeys(
        _kinds("networking.internal.knative.dev", "ServerlessService"),
        Entry(
            "Knative: networking/pkg/apis/networking/v1alpha1, MarkEndpointsNotReady",
            holds=("NoHealthyBackends",),
        ),
    ),
    ("route.openshift.io", "Route"): Entry(
        "OpenShift: api/route/v1, RouteAdmitted", must=("Admitted",)
    ),
}

_BATCH: Mapping[_Key, Entry] = {
    **dict.fromkeys(
        _kinds("kueue.x-k8s.io", "ClusterQueue LocalQueue AdmissionCheck"),
        Entry(
            "Kueue: apis/kueue/v1beta1, ClusterQueueActive",
            must=("Active",),
            holds=("spec.stopPolicy=Hold", "spec.stopPolicy=HoldAndDrain"),
        ),
    ),
    ("kueue.x-k8s.io", "Workload"): Entry(
        "Kueue: apis/kueue/v1beta1, WorkloadQuotaReserved",
        soft=("QuotaReserved", "Admitted"),
        holds=("spec.active=false",),
        ignore=("PodsReady", "Preempted", "Requeued"),
        ends=True,
    ),
    ("jobset.x-k8s.io", "JobSet"): Entry(
        "JobSet: api/jobset/v1alpha2, JobSetConditionType", must=("Completed",), ends=True
    ),
    **dict.fromkeys(
        (
            *_kinds("kubeflow.org", "TFJob PyTorchJob MPIJob XGBoostJob MXJob PaddleJob JAXJob"),
            *_kinds("kubeflow.org", "Experiment Trial"),
        ),
        Entry(
            "Kubeflow: training-operator pkg/apis/kubeflow.org/v1, JobConditionType",
            must=("Succeeded",),
            moves=("Running", "Restarting"),
            ends=True,
        ),
    ),
    ("trainer.kubeflow.org", "TrainJob"): Entry(
        "Kubeflow Trainer: pkg/apis/trainer/v1alpha1, TrainJobComplete", must=("Complete",)
    ),
    ("ray.io", "RayCluster"): Entry(
        "KubeRay: ray-operator/apis/ray/v1, RayClusterStatus",
        counts=(("status.desiredWorkerReplicas", "status.availableWorkerReplicas"),),
    ),
    ("ray.io", "RayJob"): Entry(
        "KubeRay: ray-operator/apis/ray/v1, JobStatus",
        words=("status.jobStatus", "status.jobDeploymentStatus"),
    ),
    ("ray.io", "RayService"): Entry(
        "KubeRay: ray-operator/apis/ray/v1, ServiceStatus",
        words=(
            "status.serviceStatus",
            "status.activeServiceStatus.applicationStatuses.*.status",
        ),
    ),
    ("sparkoperator.k8s.io", "SparkApplication"): Entry(
        "Spark operator: api/v1beta2, ApplicationStateType",
        words=("status.applicationState.state",),
        means={"invalidating": Sense.CHANGING, "succeeding": Sense.CHANGING},
        message=("status.applicationState.errorMessage",),
    ),
    ("sparkoperator.k8s.io", "ScheduledSparkApplication"): Entry(
        "Spark operator: api/v1beta2, ScheduleState", words=("status.scheduleState",)
    ),
    **dict.fromkeys(
        _kinds("flink.apache.org", "FlinkDeployment FlinkSessionJob"),
        Entry(
            "Flink operator: lifecycle states of ResourceLifecycleState",
            words=("status.lifecycleState", "status.jobStatus.state"),
            means={
                "created": Sense.STARTING,
                "deployed": Sense.CHANGING,
                "rolledback": Sense.DEGRADED,
            },
        ),
    ),
    ("batch.volcano.sh", "Job"): Entry(
        "Volcano: apis/pkg/apis/batch/v1alpha1, JobPhase",
        words=("status.state.phase",),
        means={
            "aborting": Sense.FAILED,
            "completing": Sense.CHANGING,
            "terminated": Sense.FAILED,
        },
        message=("status.state.message",),
    ),
    **dict.fromkeys(
        _kinds("scheduling.volcano.sh", "PodGroup"),
        Entry(
            "Volcano: apis/pkg/apis/scheduling/v1beta1, PodGroupPhase",
            words=("status.phase",),
            means={"inqueue": Sense.STARTING},
            ignore=("*",),
            ends=True,
        ),
    ),
    ("build.openshift.io", "Build"): Entry(
        "OpenShift: api/build/v1, BuildPhase", words=("status.phase",), ends=True
    ),
    ("apps.kruise.io", "CloneSet"): Entry(
        "OpenKruise: apis/apps/v1alpha1, CloneSetConditionType",
        fails=("FailedScale", "FailedUpdate"),
        holds=("spec.updateStrategy.paused=true",),
    ),
    ("apps.kruise.io", "DaemonSet"): Entry(
        "OpenKruise: apis/apps/v1alpha1, DaemonSetStatus",
        counts=(("status.desiredNumberScheduled", "status.numberAvailable"),),
    ),
    ("apps.kruise.io", "SidecarSet"): Entry(
        "OpenKruise: apis/apps/v1alpha1, SidecarSetStatus",
        counts=(("status.matchedPods", "status.readyPods"),),
        silent=True,
    ),
}

_DATA: Mapping[_Key, Entry] = {
    ("postgresql.cnpg.io", "Cluster"): Entry(
        "CloudNativePG: api/v1, phases",
        means={"notenoughdiskspace": Sense.FAILED},
        message=("status.phaseReason",),
    ),
    ("postgresql.cnpg.io", "Backup"): Entry(
        "CloudNativePG: api/v1, BackupPhase",
        words=("status.phase",),
        means={"finalizing": Sense.CHANGING},
    ),
    ("postgresql.cnpg.io", "Pooler"): Entry(
        "CloudNativePG: api/v1, PoolerStatus", counts=(("spec.instances", "status.instances"),)
    ),
    **dict.fromkeys(
        _kinds("postgresql.cnpg.io", "Database Publication Subscription"),
        Entry("CloudNativePG: api/v1, DatabaseStatus", flags=("status.applied",)),
    ),
    ("acid.zalan.do", "postgresql"): Entry(
        "Zalando's postgres-operator: pkg/apis/acid.zalan.do/v1, PostgresStatus",
        words=("status.PostgresClusterStatus",),
        means={"syncfailed": Sense.DEGRADED, "updatefailed": Sense.DEGRADED},
    ),
    ("postgres-operator.crunchydata.com", "PostgresCluster"): Entry(
        "Crunchy: pkg/apis/postgres-operator.crunchydata.com/v1beta1",
        counts=(("status.instances[].replicas", "status.instances[].readyReplicas"),),
        holds=("spec.shutdown=true",),
    ),
    **dict.fromkeys(
        (
            ("pxc.percona.com", "PerconaXtraDBCluster"),
            ("psmdb.percona.com", "PerconaServerMongoDB"),
        ),
        Entry(
            "Percona: status.size and status.ready of their custom resources",
            words=("status.state",),
            counts=(("status.size", "status.ready"),),
            ignore=("*",),
        ),
    ),
    **dict.fromkeys(
        _kinds("elasticsearch.k8s.elastic.co", "Elasticsearch"),
        Entry(
            "ECK: pkg/apis/elasticsearch/v1, ElasticsearchHealth and phases",
            words=("status.health", "status.phase"),
            means={
                "nodeshutdownstalled": Sense.DEGRADED,
                "unknown": Sense.STARTING,
            },
            ignore=("*",),
        ),
    ),
    ("opensearch.opster.io", "OpenSearchCluster"): Entry(
        "OpenSearch operator: api/v1, OpenSearchHealth",
        words=("status.health", "status.phase"),
        means={"unknown": Sense.STARTING},
    ),
    ("dragonflydb.io", "Dragonfly"): Entry(
        "Dragonfly operator: internal/controller, phases",
        means={"resourcescreated": Sense.STARTING},
    ),
    ("rabbitmq.com", "RabbitmqCluster"): Entry(
        "RabbitMQ cluster operator: api/v1beta1, ClusterAvailable and AllReplicasReady",
        must=("ClusterAvailable",),
        soft=("AllReplicasReady",),
    ),
    ("kafka.strimzi.io", "KafkaRebalance"): Entry(
        "Strimzi: Kafka rebalance states in docs/cruise-control",
        moves=("New", "PendingProposal", "ProposalReady", "Rebalancing"),
    ),
    ("core.strimzi.io", "StrimziPodSet"): Entry(
        "Strimzi: StrimziPodSetStatus", counts=(("status.pods", "status.readyPods"),)
    ),
    ("minio.min.io", "Tenant"): Entry(
        "MinIO operator: pkg/apis/minio.min.io/v2, TenantStatus",
        words=("status.currentState", "status.healthStatus"),
        message=("status.healthMessage",),
    ),
    ("crdb.cockroachlabs.com", "CrdbCluster"): Entry(
        "CockroachDB operator: apis/v1alpha1, CrdbClusterStatus", words=("status.clusterStatus",)
    ),
    ("operator.victoriametrics.com", "*"): Entry(
        "VictoriaMetrics operator: api/operator/v1beta1, UpdateStatus",
        words=("status.updateStatus", "status.clusterStatus"),
        silent=True,
    ),
    ("longhorn.io", "Volume"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, VolumeState and VolumeRobustness",
        words=("status.state", "status.robustness"),
        means={"detached": Sense.HELD, "unknown": Sense.STARTING},
        ignore=("Restore",),
    ),
    ("longhorn.io", "BackupTarget"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, BackupTargetStatus", flags=("status.available",)
    ),
    **dict.fromkeys(
        (
            *_kinds("snapshot.storage.k8s.io", "VolumeSnapshot VolumeSnapshotContent"),
            *_kinds("groupsnapshot.storage.k8s.io", "VolumeGroupSnapshot"),
            *_kinds("groupsnapshot.storage.k8s.io", "VolumeGroupSnapshotContent"),
        ),
        Entry(
            "external-snapshotter: client/apis/volumesnapshot/v1, VolumeSnapshotStatus",
            error=("status.error",),
            ends=True,
        ),
    ),
    **dict.fromkeys(
        _kinds("velero.io", "Backup Restore DataUpload DataDownload PodVolumeBackup"),
        Entry(
            "Velero: pkg/apis/velero/v1, BackupPhase, and v2alpha1, DataUploadPhase",
            words=("status.phase",),
            means={
                "accepted": Sense.CHANGING,
                "canceling": Sense.CHANGING,
                "finalizing": Sense.CHANGING,
                "finalizingpartiallyfailed": Sense.DEGRADED,
                "prepared": Sense.CHANGING,
                "waitingforpluginoperationspartiallyfailed": Sense.DEGRADED,
            },
            message=("status.failureReason", "status.message", "status.validationErrors[]"),
            ends=True,
        ),
    ),
}

_MACHINES: Mapping[_Key, Entry] = {
    ("kubevirt.io", "VirtualMachine"): Entry(
        "KubeVirt: api/core/v1, VirtualMachinePrintableStatus",
        words=("status.printableStatus",),
    ),
    ("kubevirt.io", "VirtualMachineInstance"): Entry(
        "KubeVirt: api/core/v1, VirtualMachineInstancePhase",
        means={"scheduled": Sense.STARTING, "waitforsync": Sense.STARTING},
    ),
    ("kubevirt.io", "VirtualMachineInstanceMigration"): Entry(
        "KubeVirt: api/core/v1, VirtualMachineInstanceMigrationPhase",
        means={"targetready": Sense.CHANGING},
        ends=True,
    ),
    ("cdi.kubevirt.io", "DataVolume"): Entry(
        "CDI: api/core/v1beta1, DataVolumePhase",
        words=("status.phase",),
        means={
            "clonescheduled": Sense.STARTING,
            "importscheduled": Sense.STARTING,
            "uploadready": Sense.STARTING,
            "uploadscheduled": Sense.STARTING,
            "waitforfirstconsumer": Sense.HELD,
            "pendingpopulation": Sense.HELD,
        },
    ),
    **dict.fromkeys(
        (
            *_kinds("cluster.x-k8s.io", "Cluster Machine MachineSet MachineDeployment"),
            *_kinds("controlplane.cluster.x-k8s.io", "KubeadmControlPlane"),
            *_kinds("infrastructure.cluster.x-k8s.io", "*"),
        ),
        Entry(
            "Cluster API: api/v1beta1, FailureReason and FailureMessage",
            error=("status.failureMessage", "status.failureReason"),
        ),
    ),
    ("cluster.x-k8s.io", "MachineHealthCheck"): Entry(
        "Cluster API: api/v1beta1, MachineHealthCheckStatus",
        counts=(("status.expectedMachines", "status.currentHealthy"),),
        silent=True,
    ),
    ("operators.coreos.com", "ClusterServiceVersion"): Entry(
        "OLM: pkg/operators/v1alpha1, ClusterServiceVersionPhase",
        means={"installready": Sense.STARTING},
    ),
    ("operators.coreos.com", "Subscription"): Entry(
        "OLM: pkg/operators/v1alpha1, SubscriptionState",
        means={
            "atlatestknown": Sense.GOOD,
            "upgradeavailable": Sense.GOOD,
            "upgradepending": Sense.CHANGING,
        },
    ),
    ("operators.coreos.com", "InstallPlan"): Entry(
        "OLM: pkg/operators/v1alpha1, InstallPlanPhase",
        means={"requiresapproval": Sense.HELD},
        ends=True,
    ),
    ("operators.coreos.com", "CatalogSource"): Entry(
        "OLM: pkg/operators/v1alpha1, GRPCConnectionState",
        words=("status.connectionState.lastObservedState",),
        means={"connecting": Sense.STARTING},
    ),
    ("olm.operatorframework.io", "ClusterExtension"): Entry(
        "OLM v1: api/v1, TypeInstalled", must=("Installed",)
    ),
    ("machineconfiguration.openshift.io", "MachineConfigPool"): Entry(
        "OpenShift: api/machineconfiguration/v1, MachineConfigPoolStatus",
        soft=("Updated",),
        counts=(("status.machineCount", "status.readyMachineCount"),),
    ),
    ("image.openshift.io", "ImageStream"): Entry(
        "OpenShift: api/image/v1, ImportSuccess",
        lists=("status.tags[].conditions",),
        silent=True,
    ),
}

_CONTROL: Mapping[_Key, Entry] = {
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): Entry(
        "VPA: pkg/apis/autoscaling.k8s.io/v1, VerticalPodAutoscalerConditionType",
        must=("RecommendationProvided",),
        soft=("RecommendationProvided",),
        fails=("ConfigUnsupported",),
    ),
    ("templates.gatekeeper.sh", "ConstraintTemplate"): Entry(
        "Gatekeeper: frameworks/constraint/pkg/apis/templates/v1",
        flags=("status.created",),
        error=("status.byPod[].errors[]",),
    ),
    **dict.fromkeys(
        (*_kinds("constraints.gatekeeper.sh", "*"), *_kinds("mutations.gatekeeper.sh", "*")),
        Entry(
            "Gatekeeper: apis/status/v1beta1, ConstraintPodStatusStatus",
            flags=("status.byPod[].enforced",),
            error=("status.byPod[].errors[]",),
        ),
    ),
    ("policies.kyverno.io", "*"): Entry(
        "Kyverno: api/policies.kyverno.io/v1alpha1, ConditionStatus",
        flags=("status.conditionStatus.ready",),
        lists=("status.conditionStatus.conditions",),
    ),
    ("policies.kubewarden.io", "*"): Entry(
        "Kubewarden: api/policies/v1, PolicyStatusEnum",
        words=("status.policyStatus",),
        means={"scheduled": Sense.STARTING},
    ),
    ("policy.open-cluster-management.io", "*"): Entry(
        "Open Cluster Management: api/v1, ComplianceState",
        words=("status.compliant",),
        means={"compliant": Sense.GOOD, "noncompliant": Sense.DEGRADED},
        silent=True,
    ),
    **dict.fromkeys(
        _kinds("logging.banzaicloud.io", "Flow ClusterFlow Output ClusterOutput"),
        Entry(
            "Logging operator: pkg/sdk/logging/api/v1beta1, FlowStatus",
            flags=("status.active",),
            error=("status.problems[]",),
        ),
    ),
    ("k8s.keycloak.org", "Keycloak"): Entry(
        "Keycloak operator: KeycloakStatusCondition", fails=("HasErrors",)
    ),
    ("k8s.keycloak.org", "KeycloakRealmImport"): Entry(
        "Keycloak operator: KeycloakRealmImportStatusCondition",
        must=("Done",),
        fails=("HasErrors",),
        ends=True,
    ),
    ("sriovnetwork.openshift.io", "SriovNetworkNodeState"): Entry(
        "SR-IOV operator: api/v1, SyncStatus", words=("status.syncStatus",)
    ),
    ("sloth.slok.dev", "PrometheusServiceLevel"): Entry(
        "Sloth: pkg/kubernetes/api/sloth/v1", flags=("status.promOpRulesGenerated",)
    ),
}

_SILENT: Mapping[_Key, Entry] = {
    **_silent(
        "the kind has no status, or one without anything on health (its Go type)",
        ("argoproj.io", "AppProject WorkflowTemplate ClusterWorkflowTemplate AnalysisTemplate"),
        ("argoproj.io", "ClusterAnalysisTemplate WorkflowEventBinding NotificationsConfiguration"),
        ("notification.toolkit.fluxcd.io", "Alert Provider"),
        ("apiextensions.crossplane.io", "Composition EnvironmentConfig"),
        ("pkg.crossplane.io", "DeploymentRuntimeConfig ControllerConfig"),
        ("*.crossplane.io", "ProviderConfig ProviderConfigUsage StoreConfig"),
        ("*.upbound.io", "ProviderConfig ClusterProviderConfig ProviderConfigUsage"),
        ("*.m.upbound.io", "ProviderConfig ClusterProviderConfig ProviderConfigUsage"),
        ("gateway.networking.k8s.io", "ReferenceGrant"),
        ("security.istio.io", "*"),
        ("telemetry.istio.io", "*"),
        ("extensions.istio.io", "*"),
        ("traefik.io", "*"),
        ("traefik.containo.us", "*"),
        ("keda.sh", "TriggerAuthentication ClusterTriggerAuthentication"),
        ("kueue.x-k8s.io", "ResourceFlavor WorkloadPriorityClass Topology"),
        ("serving.kserve.io", "ServingRuntime ClusterServingRuntime"),
        ("tekton.dev", "Task Pipeline ClusterTask StepAction"),
        ("triggers.tekton.dev", "TriggerTemplate TriggerBinding ClusterTriggerBinding Trigger"),
        ("triggers.tekton.dev", "Interceptor ClusterInterceptor"),
        ("kafka.strimzi.io", "KafkaNodePool"),
        ("postgresql.cnpg.io", "ScheduledBackup ImageCatalog ClusterImageCatalog"),
        ("barmancloud.cnpg.io", "ObjectStore"),
        ("databases.spotahome.com", "RedisFailover"),
        ("redis.redis.opstreelabs.in", "Redis RedisReplication RedisSentinel"),
        ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
        ("longhorn.io", "RecurringJob Setting"),
        ("instancetype.kubevirt.io", "*"),
        ("cdi.kubevirt.io", "StorageProfile"),
        ("operators.coreos.com", "OperatorGroup OperatorCondition Operator"),
        ("config.openshift.io", "*"),
        ("build.openshift.io", "BuildConfig"),
        ("monitoring.coreos.com", "*"),
        ("opentelemetry.io", "*"),
        ("metallb.io", "*"),
        ("crd.projectcalico.org", "*"),
        ("projectcalico.org", "*"),
        ("cilium.io", "*"),
        ("kyverno.io", "PolicyException CleanupPolicy ClusterCleanupPolicy"),
        ("wgpolicyk8s.io", "*"),
        ("config.gatekeeper.sh", "Config"),
        ("apps.kruise.io", "AdvancedCronJob"),
        ("flagger.app", "MetricTemplate AlertProvider"),
        ("caching.internal.knative.dev", "Image"),
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass SecretProviderClassPodStatus"),
        ("aquasecurity.github.io", "*"),
        ("elbv2.k8s.aws", "*"),
        ("vpcresources.k8s.aws", "*"),
        ("crd.k8s.amazonaws.com", "*"),
        ("cloud.google.com", "BackendConfig"),
        ("networking.gke.io", "FrontendConfig"),
        ("k8s.cni.cncf.io", "NetworkAttachmentDefinition"),
        ("externaldns.k8s.io", "DNSEndpoint"),
        ("linkerd.io", "*"),
        ("dapr.io", "*"),
        ("getambassador.io", "*"),
        ("configuration.konghq.com", "*"),
        ("apisix.apache.org", "*"),
        ("helm.cattle.io", "HelmChartConfig"),
        ("k3s.cattle.io", "Addon"),
    ),
}

CATALOGUE: Mapping[_Key, Entry] = {
    **_SILENT,
    **_CERTIFICATES,
    **_DELIVERY,
    **_NETWORK,
    **_BATCH,
    **_DATA,
    **_MACHINES,
    **_CONTROL,
}
"""Entries by API group and kind; see `reading.Catalogue`."""
