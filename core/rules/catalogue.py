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


def _means(**words: str) -> Mapping[str, Sense]:
    """What words mean, by the name of the sense."""
    return {word: Sense[name.upper()] for name, text in words.items() for word in text.split()}


# Kubernetes' words of a condition, as some write them into fields of their own.
_TRUE_OR_FALSE = _means(good="true", failed="false", starting="unknown")

_CERTIFICATES: Mapping[_Key, Entry] = {
    ("cert-manager.io", "*"): Entry("cert-manager: pkg/apis/certmanager/v1", must=("Ready",)),
    **dict.fromkeys(
        _kinds("acme.cert-manager.io", "Order Challenge"),
        Entry(
            "cert-manager: pkg/apis/acme/v1, State",
            words=("status.state",),
            means=_means(changing="ready"),
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
        _kinds(
            "secrets.hashicorp.com",
            "VaultAuth VaultAuthGlobal VaultConnection HCPAuth SecretTransformation",
        ),
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
            *_kinds("image.toolkit.fluxcd.io", "ImageRepository ImagePolicy ImageUpdateAutomation"),
            *_kinds("notification.toolkit.fluxcd.io", "Receiver"),
        ),
        Entry("Flux: ReadyCondition of fluxcd/pkg/apis/meta", must=("Ready",)),
    ),
    ("helm.toolkit.fluxcd.io", "HelmRelease"): Entry(
        "Flux: helm-controller api/v2, TestSuccessCondition; what is not ignored fails Ready",
        must=("Ready",),
        ignore=("TestSuccess", "Remediated"),
    ),
    ("source.toolkit.fluxcd.io", "HelmRepository"): Entry(
        "Flux: docs/spec/v1/helmrepositories.md, those of type oci are static", silent=True
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
        means=_means(good="skipped"),
        ignore=("*",),
    ),
    ("argoproj.io", "CronWorkflow"): Entry(
        "Argo Workflows: pkg/apis/workflow/v1alpha1, CronWorkflowStatus",
        words=("status.phase",),
        fails=("SpecError", "SubmissionError"),
        ends=False,
        silent=True,
    ),
    **dict.fromkeys(
        _kinds("argoproj.io", "AnalysisRun Experiment"),
        Entry(
            "Argo Rollouts: pkg/apis/rollouts/v1alpha1, AnalysisPhase",
            words=("status.phase",),
            means=_means(degraded="inconclusive"),
            ignore=("*",),
        ),
    ),
    ("kargo.akuity.io", "Promotion"): Entry(
        "Kargo: api/v1alpha1, PromotionPhase", words=("status.phase",), ends=True
    ),
    ("flagger.app", "Canary"): Entry(
        "Flagger: pkg/apis/flagger/v1beta1, CanaryPhase; the primary serves what failed",
        words=("status.phase",),
        means=_means(
            degraded="failed", changing="finalising waiting waitingpromotion", ending="terminated"
        ),
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
    ("apiextensions.crossplane.io", "ManagedResourceDefinition"): Entry(
        "Crossplane: apis/apiextensions/v1alpha1, ManagedResourceDefinitionState",
        must=("Established",),
        holds=("InactiveManagedResource", "spec.state=Inactive"),
    ),
    ("ops.crossplane.io", "WatchOperation"): Entry(
        "Crossplane: apis/ops/v1alpha1, TypeWatching", must=("Watching",)
    ),
    ("ops.crossplane.io", "CronOperation"): Entry(
        "Crossplane: apis/ops/v1alpha1, TypeScheduling",
        must=("Scheduling",),
        holds=("SchedulePaused",),
    ),
    ("services.k8s.aws", "AdoptedResource"): Entry(
        "AWS Controllers for Kubernetes: runtime/apis/core/v1alpha1", must=("ACK.Adopted",)
    ),
    ("fleet.cattle.io", "Bundle"): Entry(
        "Fleet: pkg/apis/fleet.cattle.io/v1alpha1, BundleState",
        words=("status.display.state",),
        means=_means(
            failed="errapplied", degraded="modified notready", changing="outofsync waitapplied"
        ),
        soft=("Ready",),
    ),
    ("fleet.cattle.io", "ClusterGroup"): Entry(
        "Fleet: pkg/apis/fleet.cattle.io/v1alpha1, ResourceCounts",
        counts=(("status.summary.desiredReady", "status.summary.ready"),),
        silent=True,
    ),
    ("catalog.cattle.io", "App"): Entry(
        "Rancher: pkg/apis/catalog.cattle.io/v1, Summary", words=("status.summary.state",)
    ),
    **dict.fromkeys(
        (("management.cattle.io", "Cluster"), ("provisioning.cattle.io", "Cluster")),
        Entry("Rancher: norman's conditions are True once done", ignore=("Pending", "Waiting")),
    ),
    ("app.terraform.io", "Workspace"): Entry(
        "HCP Terraform operator: api/v1alpha2, RunStatus",
        words=("status.runStatus.status",),
        means=_means(good="discarded plannedandfinished"),
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
        means=_means(failed="orphaned"),
        message=("status.description",),
    ),
    **dict.fromkeys(
        (
            *_kinds("networking.istio.io", "*"),
            *_kinds("security.istio.io", "*"),
            *_kinds("telemetry.istio.io", "*"),
            *_kinds("extensions.istio.io", "*"),
        ),
        Entry(
            "istio.io/api: analysis/v1alpha1, AnalysisMessageBase_Level",
            words=("status.validationMessages[].level",),
            soft=("Reconciled",),
            means=_means(degraded="error", good="warning info unknown"),
            silent=True,
        ),
    ),
    ("getambassador.io", "Mapping"): Entry(
        "Emissary: pkg/api/getambassador.io/v3alpha1, MappingStatus",
        words=("status.state",),
        means=_means(failed="inactive"),
        silent=True,
    ),
    ("submariner.io", "Gateway"): Entry(
        "Submariner: pkg/apis/submariner.io/v1, ConnectionStatus",
        words=("status.connections[].status",),
        silent=True,
    ),
    ("cilium.io", "CiliumEndpoint"): Entry(
        "Cilium: api/v1/models, EndpointState",
        words=("status.state",),
        means=_means(
            ending="disconnected disconnecting", failed="notready", changing="waitingtoregenerate"
        ),
    ),
    ("cilium.io", "CiliumNode"): Entry(
        "Cilium: pkg/ipam/types, OperatorStatus",
        error=("status.ipam.operator-status.error",),
        silent=True,
    ),
    ("nmstate.io", "NodeNetworkState"): Entry(
        "kubernetes-nmstate: api/v1beta1, it reports interfaces", ignore=("*",), silent=True
    ),
    ("install.istio.io", "IstioOperator"): Entry(
        "istio.io/api: operator/v1alpha1, InstallStatus_Status",
        words=("status.status",),
        means=_means(degraded="actionrequired", starting="none"),
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
        means=_means(failed="failednotvisible", degraded="renewalfailed"),
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
        _kinds("kueue.x-k8s.io", "ClusterQueue LocalQueue AdmissionCheck MultiKueueCluster"),
        Entry(
            "Kueue: apis/kueue/v1beta1, ClusterQueueActive",
            must=("Active",),
            holds=("spec.stopPolicy=Hold", "spec.stopPolicy=HoldAndDrain"),
        ),
    ),
    ("kueue.x-k8s.io", "Workload"): Entry(
        "Kueue: apis/kueue/v1beta1, WorkloadQuotaReserved",
        must=("Finished",),
        soft=("QuotaReserved", "Admitted"),
        holds=("spec.active=false",),
        ignore=("Evicted", "PodsReady", "Preempted", "Requeued"),
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
            moves=("Restarting",),
            ignore=("Created", "Running"),
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
            "status.pendingServiceStatus.applicationStatuses.*.status",
        ),
    ),
    ("sparkoperator.k8s.io", "SparkApplication"): Entry(
        "Spark operator: api/v1beta2, ApplicationStateType",
        words=("status.applicationState.state",),
        means=_means(changing="invalidating succeeding"),
        message=("status.applicationState.errorMessage",),
    ),
    ("sparkoperator.k8s.io", "ScheduledSparkApplication"): Entry(
        "Spark operator: api/v1beta2, ScheduleState", words=("status.scheduleState",), ends=False
    ),
    **dict.fromkeys(
        _kinds("flink.apache.org", "FlinkDeployment FlinkSessionJob"),
        Entry(
            "Flink operator: lifecycle states of ResourceLifecycleState",
            words=(
                "status.lifecycleState",
                "status.jobStatus.state",
                "status.jobManagerDeploymentStatus",
            ),
            means=_means(
                held="canceled",
                starting="created",
                changing="deployed deployednotready",
                good="missing",
                degraded="rolledback",
            ),
            ends=False,
        ),
    ),
    ("spark.apache.org", "SparkApplication"): Entry(
        "Apache Spark operator: ApplicationStateSummary",
        words=("status.currentState.currentStateSummary",),
        means=_means(
            changing="driverready initializedbelowthresholdexecutors runninghealthy "
            "runningwithpartialcapacity scheduledtorestart",
            starting="driverrequested driverstarted",
            degraded="runningwithbelowthresholdexecutors",
            failed="terminatedwithoutreleaseresources",
        ),
        message=("status.currentState.message",),
        ends=True,
    ),
    ("spark.apache.org", "SparkCluster"): Entry(
        "Apache Spark operator: ClusterStateSummary",
        words=("status.currentState.currentStateSummary",),
        means=_means(good="runninghealthy"),
    ),
    ("kubeflow.org", "Notebook"): Entry(
        "Kubeflow: notebook-controller/api/v1, NotebookStatus mirrors its pod's",
        words=("status.containerState.waiting.reason",),
        means=_means(starting="containercreating podinitializing"),
        must=("Ready",),
        soft=("Ready", "ContainersReady"),
    ),
    ("serving.kserve.io", "InferenceService"): Entry(
        "KServe: pkg/apis/serving/v1beta1, TransitionStatus",
        words=("status.modelStatus.transitionStatus",),
        means=_means(failed="invalidspec"),
        message=("status.modelStatus.lastFailureInfo.message",),
    ),
    **dict.fromkeys(
        _kinds("eventing.keda.sh", "CloudEventSource ClusterCloudEventSource"),
        Entry("KEDA: apis/eventing/v1alpha1, ConditionActive", must=("Active",)),
    ),
    ("autoscaling.x-k8s.io", "ProvisioningRequest"): Entry(
        "cluster-autoscaler: provisioningrequest/apis, conditions",
        must=("Provisioned",),
        soft=("Provisioned",),
        fails=("CapacityRevoked", "Failed"),
        ignore=("Accepted", "BookingExpired"),
        ends=True,
    ),
    ("scheduling.volcano.sh", "Queue"): Entry(
        "Volcano: apis/pkg/apis/scheduling/v1beta1, QueueState",
        words=("status.state",),
        means=_means(held="closed closing"),
    ),
    ("flow.volcano.sh", "JobFlow"): Entry(
        "Volcano: apis/pkg/apis/flow/v1alpha1, Phase", words=("status.state.phase",), ends=True
    ),
    ("k6.io", "TestRun"): Entry(
        "k6 operator: api/v1alpha1, Stage",
        words=("status.stage",),
        means=_means(starting="created initialized", changing="started"),
        ignore=("*",),
        ends=True,
    ),
    **dict.fromkeys(
        _kinds(
            "chaos-mesh.org",
            "PodChaos NetworkChaos IOChaos StressChaos TimeChaos KernelChaos DNSChaos HTTPChaos "
            "JVMChaos AWSChaos GCPChaos",
        ),
        Entry(
            "Chaos Mesh: api/v1alpha1, ChaosConditionType",
            must=("Selected",),
            moves=("AllInjected",),
            holds=("Paused",),
            ignore=("AllRecovered",),
        ),
    ),
    ("chaos-mesh.org", "Workflow"): Entry(
        "Chaos Mesh: api/v1alpha1, WorkflowConditionAccomplished",
        must=("Accomplished",),
        soft=("Accomplished",),
        ends=True,
    ),
    ("litmuschaos.io", "ChaosEngine"): Entry(
        "Litmus: chaos-operator/api/litmuschaos/v1alpha1, EngineStatus",
        words=("status.engineStatus", "status.experiments[].verdict"),
        means=_means(changing="awaited initialized", failed="fail"),
        ends=True,
    ),
    ("litmuschaos.io", "ChaosResult"): Entry(
        "Litmus: chaos-operator/api/litmuschaos/v1alpha1, ResultPhase",
        words=("status.experimentStatus.phase", "status.experimentStatus.verdict"),
        means=_means(changing="awaited"),
        ends=True,
    ),
    ("camel.apache.org", "IntegrationKit"): Entry(
        "Camel K: pkg/apis/camel/v1, IntegrationKitPhase",
        words=("status.phase",),
        means=_means(starting="buildrunning buildsubmitted"),
    ),
    ("camel.apache.org", "Integration"): Entry(
        "Camel K: pkg/apis/camel/v1, IntegrationPhase",
        words=("status.phase",),
        means=_means(starting="buildcomplete buildingkit"),
        ignore=("*",),
    ),
    ("batch.volcano.sh", "Job"): Entry(
        "Volcano: apis/pkg/apis/batch/v1alpha1, JobPhase",
        words=("status.state.phase",),
        means=_means(failed="aborting terminated", changing="completing"),
        message=("status.state.message",),
    ),
    **dict.fromkeys(
        _kinds("scheduling.volcano.sh", "PodGroup"),
        Entry(
            "Volcano: apis/pkg/apis/scheduling/v1beta1, PodGroupPhase",
            words=("status.phase",),
            means=_means(starting="inqueue"),
            ignore=("*",),
            ends=True,
        ),
    ),
    ("apps.kruise.io", "CloneSet"): Entry(
        "OpenKruise: apis/apps/v1alpha1, CloneSetConditionType",
        fails=("FailedScale", "FailedUpdate"),
        holds=("spec.updateStrategy.paused=true",),
    ),
    ("apps.kruise.io", "DaemonSet"): Entry(
        "OpenKruise: apis/apps/v1alpha1, DaemonSetStatus",
        counts=(("status.desiredNumberScheduled", "status.numberAvailable"),),
        silent=True,
    ),
    ("rollouts.kruise.io", "Rollout"): Entry(
        "OpenKruise: rollouts/api/v1beta1, CanaryStepStatePaused",
        words=("status.phase",),
        holds=(
            "status.canaryStatus.currentStepState=StepPaused",
            "status.blueGreenStatus.currentStepState=StepPaused",
        ),
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
        means=_means(failed="notenoughdiskspace"),
        message=("status.phaseReason",),
    ),
    ("postgresql.cnpg.io", "Backup"): Entry(
        "CloudNativePG: api/v1, BackupPhase",
        words=("status.phase",),
        means=_means(changing="finalizing"),
    ),
    ("postgresql.cnpg.io", "Pooler"): Entry(
        "CloudNativePG: api/v1, PoolerStatus",
        counts=(("spec.instances", "status.instances"),),
        holds=("spec.pgbouncer.paused=true",),
    ),
    **dict.fromkeys(
        _kinds("postgresql.cnpg.io", "Database Publication Subscription"),
        Entry("CloudNativePG: api/v1, DatabaseStatus", flags=("status.applied",)),
    ),
    ("acid.zalan.do", "postgresql"): Entry(
        "Zalando's postgres-operator: pkg/apis/acid.zalan.do/v1, PostgresStatus",
        words=("status.PostgresClusterStatus",),
        means=_means(degraded="syncfailed updatefailed"),
    ),
    ("postgres-operator.crunchydata.com", "PostgresCluster"): Entry(
        "Crunchy: pkg/apis/postgres-operator.crunchydata.com/v1beta1",
        counts=(("status.instances[].replicas", "status.instances[].readyReplicas"),),
        soft=("PGBackRestRepoHostReady", "PGBackRestReplicaRepoReady", "ProxyAvailable"),
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
    ("pgv2.percona.com", "PerconaPGCluster"): Entry(
        "Percona: status.postgres of percona-postgresql-operator's PerconaPGCluster",
        words=("status.state",),
        counts=(("status.postgres.size", "status.postgres.ready"),),
        ignore=("*",),
    ),
    ("ps.percona.com", "PerconaServerMySQL"): Entry(
        "Percona: status.mysql of percona-server-mysql-operator's PerconaServerMySQL",
        words=("status.state",),
        counts=(("status.mysql.size", "status.mysql.ready"),),
        ignore=("*",),
    ),
    ("mysql.oracle.com", "InnoDBCluster"): Entry(
        "mysql-operator: mysqloperator/controller/diagnose.py, ClusterDiagStatus",
        words=("status.cluster.status",),
        means=_means(
            failed="noquorumuncertain splitbrainuncertain unknown", degraded="onlineuncertain"
        ),
        counts=(("spec.instances", "status.cluster.onlineInstances"),),
    ),
    ("k8s.mariadb.com", "MariaDB"): Entry(
        "mariadb-operator: api/v1alpha1, condition reasons",
        soft=("RestoreBackup", "StatefulSetNotReady", "SwitchPrimary", "WaitStorageResize"),
    ),
    ("pingcap.com", "TidbCluster"): Entry(
        "TiDB operator: pkg/util/tidbcluster, condition reasons",
        soft=("StatefulSetNotUpToDate",),
        means=_means(held="suspend"),
    ),
    ("pingcap.com", "BackupSchedule"): Entry(
        "TiDB operator: pkg/apis/pingcap/v1alpha1, it runs Backups", silent=True
    ),
    ("planetscale.com", "VitessCluster"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, statuses are condition words",
        words=("status.cells.*.gatewayAvailable", "status.globalLockserver.etcd.available"),
        means=_TRUE_OR_FALSE,
        counts=(("status.keyspaces.*.desiredTablets", "status.keyspaces.*.readyTablets"),),
    ),
    ("planetscale.com", "VitessKeyspace"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, statuses are condition words",
        words=("status.shards.*.hasMaster", "status.shards.*.servingWrites"),
        means=_TRUE_OR_FALSE,
        counts=(("status.partitionings[].desiredTablets", "status.partitionings[].readyTablets"),),
        ignore=("*",),
    ),
    ("planetscale.com", "VitessShard"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, statuses are condition words",
        words=("status.hasMaster", "status.servingWrites", "status.tablets.*.ready"),
        means=_TRUE_OR_FALSE,
    ),
    ("planetscale.com", "VitessCell"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, statuses are condition words",
        words=("status.gateway.available",),
        means=_TRUE_OR_FALSE,
    ),
    ("planetscale.com", "EtcdLockserver"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, statuses are condition words",
        words=("status.available",),
        means=_TRUE_OR_FALSE,
    ),
    ("planetscale.com", "VitessBackup"): Entry(
        "vitess-operator: pkg/apis/planetscale/v2, VitessBackupStatus", flags=("status.complete",)
    ),
    ("operator.yugabyte.io", "YBUniverse"): Entry(
        "YugabyteDB Anywhere: OperatorStatusUpdater.UniverseState", words=("status.universeState",)
    ),
    **dict.fromkeys(
        (
            ("clickhouse.altinity.com", "ClickHouseInstallation"),
            ("clickhouse-keeper.altinity.com", "ClickHouseKeeperInstallation"),
        ),
        Entry(
            "Altinity: pkg/apis/clickhouse.altinity.com/v1, StringBool of spec.stop",
            words=("status.status",),
            holds=("spec.stop=yes", "spec.stop=1", "spec.stop=true", "spec.suspend=yes"),
        ),
    ),
    ("kafka.strimzi.io", "KafkaConnector"): Entry(
        "Strimzi: api KafkaConnectorSpec.state",
        means=_means(starting="unassigned"),
        holds=("spec.state=paused", "spec.state=stopped"),
    ),
    ("mongodb.com", "MongoDBOpsManager"): Entry(
        "MongoDB Enterprise: api/v1/om, the phases of its parts",
        words=(
            "status.opsManager.phase",
            "status.applicationDatabase.phase",
            "status.backup.phase",
        ),
        means=_means(good="disabled"),
    ),
    ("k8ssandra.io", "K8ssandraCluster"): Entry(
        "k8ssandra-operator: apis/k8ssandra/v1alpha1, K8ssandraStatus of each datacenter",
        words=(
            "status.datacenters.*.cassandra.cassandraOperatorProgress",
            "status.datacenters.*.decommissionProgress",
        ),
        lists=("status.datacenters.*.cassandra.conditions",),
    ),
    ("cassandra.datastax.com", "CassandraDatacenter"): Entry(
        "cass-operator: apis/cassandra/v1beta1, ProgressState",
        words=("status.cassandraOperatorProgress",),
        moves=("ReplacingNodes",),
    ),
    **dict.fromkeys(
        _kinds("couchbase.com", "CouchbaseBackup CouchbaseBackupRestore"),
        Entry(
            "Couchbase: CouchbaseBackupStatus", error=("status.failed",), ends=False, silent=True
        ),
    ),
    ("solr.apache.org", "SolrBackup"): Entry(
        "Solr operator: api/v1beta1, SolrBackupStatus", flags=("status.successful",), ends=True
    ),
    **dict.fromkeys(
        _kinds("elasticsearch.k8s.elastic.co", "Elasticsearch"),
        Entry(
            "ECK: pkg/apis/elasticsearch/v1, ElasticsearchHealth and phases",
            words=("status.health", "status.phase"),
            means=_means(degraded="nodeshutdownstalled", starting="unknown"),
            ignore=("*",),
        ),
    ),
    **dict.fromkeys(
        (("opensearch.opster.io", "OpenSearchCluster"), ("opensearch.org", "OpenSearchCluster")),
        Entry(
            "OpenSearch operator: api/v1, OpenSearchHealth",
            words=("status.health", "status.phase"),
            means=_means(starting="unknown"),
        ),
    ),
    ("dragonflydb.io", "Dragonfly"): Entry(
        "Dragonfly operator: internal/controller, phases",
        means=_means(starting="resourcescreated", changing="resourcesupdated"),
    ),
    ("rabbitmq.com", "RabbitmqCluster"): Entry(
        "RabbitMQ cluster operator: api/v1beta1, ClusterAvailable and AllReplicasReady",
        must=("ClusterAvailable",),
        soft=("AllReplicasReady",),
    ),
    ("kafka.strimzi.io", "KafkaRebalance"): Entry(
        "Strimzi: Kafka rebalance states in docs/cruise-control",
        moves=("New", "PendingProposal", "Rebalancing"),
        holds=("ProposalReady",),
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
        "CockroachDB operator: apis/v1alpha1, CrdbClusterStatus; a rolling update starts anew",
        words=("status.clusterStatus",),
        means=_means(changing="starting"),
    ),
    ("operator.victoriametrics.com", "*"): Entry(
        "VictoriaMetrics operator: api/operator/v1beta1, UpdateStatus",
        words=("status.updateStatus", "status.clusterStatus"),
        silent=True,
    ),
    ("longhorn.io", "Volume"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, VolumeState and VolumeRobustness",
        words=("status.state", "status.robustness"),
        means=_means(changing="attaching unknown", held="detached"),
        ignore=("Restore",),
    ),
    **dict.fromkeys(
        _kinds("longhorn.io", "Engine Replica"),
        Entry(
            "Longhorn: k8s/pkg/apis/longhorn/v1beta2, InstanceState",
            words=("status.currentState",),
            means=_means(changing="starting"),
        ),
    ),
    ("longhorn.io", "Node"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, DiskStatus",
        lists=("status.diskStatus.*.conditions",),
    ),
    ("longhorn.io", "BackingImage"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, BackingImageState",
        words=("status.diskFileStatusMap.*.state",),
        means=_means(changing="readyfortransfer", degraded="unknown"),
    ),
    ("longhorn.io", "VolumeAttachment"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, AttachmentTicketStatus",
        lists=("status.attachmentTicketStatuses.*.conditions",),
        silent=True,
    ),
    ("longhorn.io", "Snapshot"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, SnapshotStatus", error=("status.error",)
    ),
    ("longhorn.io", "SystemBackup"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, SystemBackupState",
        words=("status.state",),
        means=_means(changing="backingimagebackup volumebackup"),
        ends=True,
    ),
    ("longhorn.io", "SupportBundle"): Entry(
        "Longhorn: k8s/pkg/apis/longhorn/v1beta2, SupportBundleState",
        words=("status.state",),
        means=_means(good="replaced", starting="started"),
        ends=True,
    ),
    ("topolvm.io", "LogicalVolume"): Entry(
        "TopoLVM: api/v1, LogicalVolumeStatus.code is a gRPC code",
        error=("status.code",),
        message=("status.message",),
        silent=True,
    ),
    ("openebs.io", "DiskPool"): Entry(
        "OpenEBS: DiskPool's pool_status and cr_state",
        words=("status.pool_status", "status.cr_state"),
        means=_means(failed="unknown"),
    ),
    **dict.fromkeys(
        _kinds("config.kio.kasten.io", "Policy Profile"),
        Entry("Kasten: its API's validation", words=("status.validation",)),
    ),
    **dict.fromkeys(
        _kinds("volsync.backube", "ReplicationSource ReplicationDestination"),
        Entry(
            "VolSync: api/v1alpha1/common_types.go",
            words=("status.latestMoverStatus.result",),
            moves=("Synchronizing",),
        ),
    ),
    ("stash.appscode.com", "Repository"): Entry(
        "Stash: apis/v1alpha1, RepositoryStatus", flags=("status.integrity",)
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
        _kinds(
            "velero.io", "Backup Restore DataUpload DataDownload PodVolumeBackup PodVolumeRestore"
        ),
        Entry(
            "Velero: pkg/apis/velero/v1, BackupPhase, and v2alpha1, DataUploadPhase",
            words=("status.phase",),
            means=_means(
                changing="accepted canceling finalizing prepared readytostart "
                "waitingforpluginoperations",
                degraded="finalizingpartiallyfailed waitingforpluginoperationspartiallyfailed",
            ),
            message=("status.failureReason", "status.message", "status.validationErrors[]"),
            ends=True,
        ),
    ),
}

_MACHINES: Mapping[_Key, Entry] = {
    ("metal3.io", "BareMetalHost"): Entry(
        "Metal3: apis/metal3.io/v1alpha1, ProvisioningState and OperationalStatus",
        words=("status.provisioning.state", "status.operationalStatus"),
        means=_means(
            starting="delayed inspecting matchprofile",
            changing="deprovisioning servicing",
            held="detached",
            good="discovered externallyprovisioned unmanaged",
            ending="poweringoffbeforedelete",
        ),
        message=("status.errorMessage",),
    ),
    ("kubevirt.io", "KubeVirt"): Entry(
        "KubeVirt: pkg/virt-operator/util, UpdateConditionsUpdating",
        words=("status.phase",),
        ignore=("Degraded",),
    ),
    ("ssp.kubevirt.io", "SSP"): Entry(
        "SSP operator: preUpdateStatus",
        words=("status.phase",),
        soft=("Available",),
        holds=("status.paused=true",),
        ignore=("Degraded",),
    ),
    ("export.kubevirt.io", "VirtualMachineExport"): Entry(
        "KubeVirt: api/export/v1beta1, VirtualMachineExportPhase",
        words=("status.phase",),
        means=_means(held="skipped", ending="terminated"),
        ignore=("*",),
    ),
    ("forklift.konveyor.io", "Plan"): Entry(
        "Forklift: pkg/apis/forklift/v1beta1, conditions of a Plan",
        must=("Ready",),
        moves=("Executing",),
        ignore=("Canceled",),
    ),
    ("forklift.konveyor.io", "Migration"): Entry(
        "Forklift: pkg/apis/forklift/v1beta1, conditions of a Migration",
        must=("Succeeded",),
        fails=("Failed", "Canceled"),
        ignore=("Ready", "Executing", "Running"),
        ends=True,
    ),
    ("remediation.medik8s.io", "NodeHealthCheck"): Entry(
        "medik8s: node-healthcheck-operator/api/v1alpha1, NHCPhase",
        words=("status.phase",),
        means=_means(failed="disabled"),
        message=("status.reason",),
        ignore=("*",),
    ),
    ("kubevirt.io", "VirtualMachine"): Entry(
        "KubeVirt: api/core/v1, VirtualMachinePrintableStatus",
        words=("status.printableStatus",),
        means=_means(ending="terminating", starting="unknown"),
    ),
    ("kubevirt.io", "VirtualMachineInstance"): Entry(
        "KubeVirt: api/core/v1, VirtualMachineInstancePhase",
        words=("status.phase",),
        means=_means(starting="scheduled waitforsync", held="succeeded"),
    ),
    ("kubevirt.io", "VirtualMachineInstanceMigration"): Entry(
        "KubeVirt: api/core/v1, VirtualMachineInstanceMigrationPhase",
        means=_means(changing="targetready"),
        ends=True,
    ),
    ("cdi.kubevirt.io", "DataVolume"): Entry(
        "CDI: api/core/v1beta1, DataVolumePhase",
        words=("status.phase",),
        means=_means(
            starting="clonescheduled importscheduled uploadready uploadscheduled pvcbound",
            held="waitforfirstconsumer pendingpopulation",
        ),
    ),
    **dict.fromkeys(
        (
            *_kinds("cluster.x-k8s.io", "Cluster MachineSet MachineDeployment"),
            *_kinds("controlplane.cluster.x-k8s.io", "KubeadmControlPlane"),
            *_kinds("infrastructure.cluster.x-k8s.io", "*"),
        ),
        Entry(
            "Cluster API: api/v1beta1, FailureReason and FailureMessage",
            error=("status.failureMessage", "status.failureReason"),
        ),
    ),
    ("cluster.x-k8s.io", "Machine"): Entry(
        "Cluster API: api/v1beta1, MachinePhaseProvisioned has no node yet",
        means=_means(starting="provisioned"),
        error=("status.failureMessage", "status.failureReason"),
    ),
    ("machine.openshift.io", "Machine"): Entry(
        "OpenShift: api/machine/v1beta1, PhaseProvisioned has no node yet",
        means=_means(starting="provisioned"),
        error=("status.errorMessage", "status.errorReason"),
    ),
    ("cluster.x-k8s.io", "ClusterClass"): Entry(
        "Cluster API: api/v1beta1, ClusterClassVariablesReconciledCondition",
        must=("VariablesReconciled",),
        ignore=("RefVersionsUpToDate",),
    ),
    ("infrastructure.cluster.x-k8s.io", "AWSMachine"): Entry(
        "Cluster API provider AWS: api/v1beta2, InstanceState",
        words=("status.instanceState",),
        means=_means(ending="shuttingdown", failed="stopped terminated"),
        error=("status.failureMessage", "status.failureReason"),
    ),
    ("infrastructure.cluster.x-k8s.io", "GCPMachine"): Entry(
        "Cluster API provider GCP: api/v1beta1, InstanceStatus",
        words=("status.instanceStatus",),
        means=_means(starting="staging", failed="stopped terminated"),
        error=("status.failureMessage", "status.failureReason"),
    ),
    ("cluster.x-k8s.io", "MachineHealthCheck"): Entry(
        "Cluster API: api/v1beta1, MachineHealthCheckStatus",
        counts=(("status.expectedMachines", "status.currentHealthy"),),
        silent=True,
    ),
    ("operators.coreos.com", "ClusterServiceVersion"): Entry(
        "OLM: pkg/operators/v1alpha1, ClusterServiceVersionPhase",
        means=_means(starting="installready"),
    ),
    ("operators.coreos.com", "Subscription"): Entry(
        "OLM: pkg/operators/v1alpha1, SubscriptionState",
        means=_means(good="atlatestknown upgradeavailable", changing="upgradepending"),
        holds=("status.conditions[].reason=RequiresApproval",),
        ignore=("InstallPlanMissing",),
    ),
    ("operators.coreos.com", "OperatorGroup"): Entry(
        "OLM: pkg/operators/v1, conditions that are set on faults alone",
        fails=("MultipleOperatorGroup", "OperatorGroupServiceAccount"),
        silent=True,
    ),
    ("operators.coreos.com", "CatalogSource"): Entry(
        "OLM: pkg/operators/v1alpha1, GRPCConnectionState",
        words=("status.connectionState.lastObservedState",),
        means=_means(failed="shutdown"),
        error=("status.message",),
    ),
    ("olm.operatorframework.io", "ClusterExtension"): Entry(
        "OLM v1: api/v1, TypeInstalled", must=("Installed",)
    ),
    ("machineconfiguration.openshift.io", "MachineConfigPool"): Entry(
        "OpenShift: api/machineconfiguration/v1, MachineConfigPoolStatus",
        soft=("Updated",),
        counts=(("status.machineCount", "status.readyMachineCount"),),
    ),
    ("imageregistry.operator.openshift.io", "Config"): Entry(
        "OpenShift: api/imageregistry/v1, spec.replicas are no replicas of readyReplicas",
        counts=(("spec.none", "status.none"),),
        holds=("Removed", "spec.managementState=Removed"),
    ),
    ("image.openshift.io", "ImageStream"): Entry(
        "OpenShift: api/image/v1, ImportSuccess", lists=("status.tags[].conditions",), silent=True
    ),
}

_CONTROL: Mapping[_Key, Entry] = {
    ("autoscaling.k8s.io", "VerticalPodAutoscaler"): Entry(
        "VPA: pkg/apis/autoscaling.k8s.io/v1, VerticalPodAutoscalerConditionType",
        must=("RecommendationProvided",),
        soft=("RecommendationProvided",),
        fails=("ConfigUnsupported",),
        ignore=("NoPodsMatched", "LowConfidence"),
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
        means=_means(starting="scheduled"),
    ),
    ("policy.open-cluster-management.io", "*"): Entry(
        "Open Cluster Management: api/v1, ComplianceState",
        words=("status.compliant",),
        means=_means(good="compliant", degraded="noncompliant"),
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
        "Keycloak operator: KeycloakStatusCondition", soft=("Ready",), fails=("HasErrors",)
    ),
    ("k8s.keycloak.org", "KeycloakRealmImport"): Entry(
        "Keycloak operator: KeycloakRealmImportStatusCondition",
        must=("Done",),
        soft=("Done",),
        fails=("HasErrors",),
        ends=True,
    ),
    **dict.fromkeys(
        _kinds("keycloak.org", "Keycloak KeycloakRealm KeycloakClient KeycloakUser"),
        Entry(
            "Keycloak's legacy operator: pkg/apis/keycloak/v1alpha1, StatusPhase",
            words=("status.phase",),
            means=_means(good="reconciling"),
            flags=("status.ready",),
        ),
    ),
    ("integreatly.org", "Grafana"): Entry(
        "Grafana operator v4: api/integreatly/v1alpha1, StatusPhase",
        words=("status.phase",),
        means=_means(good="reconciling"),
    ),
    ("grafana.integreatly.org", "Grafana"): Entry(
        "Grafana operator: api/v1beta1, OperatorStageStatus",
        words=("status.stageStatus",),
        message=("status.lastMessage",),
    ),
    ("infinispan.org", "Infinispan"): Entry(
        "Infinispan operator: api/v1, ConditionWellFormed",
        must=("WellFormed",),
        soft=("WellFormed",),
        moves=("Upgrade", "Stopping"),
        holds=("GracefulShutdown",),
    ),
    ("cluster.open-cluster-management.io", "ManagedCluster"): Entry(
        "Open Cluster Management: api/cluster/v1, ManagedClusterConditionAvailable",
        must=("ManagedClusterConditionAvailable",),
    ),
    ("types.kubefed.io", "*"): Entry(
        "KubeFed: pkg/apis/core/v1beta1, PropagationConditionType", must=("Propagation",)
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
        ("*.crossplane.io", "ClusterProviderConfig"),
        ("*.upbound.io", "ProviderConfig ClusterProviderConfig ProviderConfigUsage"),
        ("gateway.networking.k8s.io", "ReferenceGrant"),
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
        ("operators.coreos.com", "OperatorCondition Operator"),
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
        ("generators.external-secrets.io", "*"),
        ("pkg.crossplane.io", "Lock ImageConfig"),
        ("apiextensions.crossplane.io", "CompositionRevision"),
        ("argoproj.io", "WorkflowTaskSet WorkflowTaskResult WorkflowArtifactGCTask"),
        ("kueue.x-k8s.io", "Cohort MultiKueueConfig ProvisioningRequestConfig"),
        ("trainer.kubeflow.org", "TrainingRuntime ClusterTrainingRuntime"),
        ("serving.kserve.io", "ClusterStorageContainer LocalModelNodeGroup"),
        ("kubeflow.org", "PodDefault Profile"),
        ("tekton.dev", "VerificationPolicy"),
        ("projectcontour.io", "TLSCertificateDelegation ContourDeployment"),
        ("gateway.envoyproxy.io", "EnvoyProxy"),
        ("hub.traefik.io", "*"),
        ("batch.volcano.sh", "CronJob"),
        ("flow.volcano.sh", "JobTemplate"),
        ("topology.volcano.sh", "HyperNode"),
        ("nodeinfo.volcano.sh", "Numatopology"),
        ("networking.internal.knative.dev", "ClusterDomainClaim"),
        ("pingcap.com", "TidbMonitor"),
        ("longhorn.io", "BackupVolume"),
        ("chaos-mesh.org", "Schedule"),
        ("litmuschaos.io", "ChaosExperiment"),
        ("infrastructure.cluster.x-k8s.io", "AWSMachineTemplate AWSClusterTemplate"),
        ("infrastructure.cluster.x-k8s.io", "AzureMachineTemplate AzureClusterTemplate"),
        ("infrastructure.cluster.x-k8s.io", "GCPMachineTemplate GCPClusterTemplate"),
        ("infrastructure.cluster.x-k8s.io", "VSphereMachineTemplate VSphereClusterTemplate"),
        ("infrastructure.cluster.x-k8s.io", "DockerMachineTemplate DockerClusterTemplate"),
        ("infrastructure.cluster.x-k8s.io", "Metal3MachineTemplate OpenStackMachineTemplate"),
        ("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate"),
        ("controlplane.cluster.x-k8s.io", "KubeadmControlPlaneTemplate"),
        ("machineconfiguration.openshift.io", "MachineConfig"),
        ("security.openshift.io", "SecurityContextConstraints"),
        ("template.openshift.io", "Template"),
        ("autoscaling.k8s.io", "VerticalPodAutoscalerCheckpoint"),
        ("operator.tigera.io", "Installation"),
        ("sriovnetwork.openshift.io", "SriovNetwork SriovNetworkNodePolicy SriovOperatorConfig"),
        ("networking.gke.io", "MultiClusterIngress MultiClusterService ServiceAttachment"),
        ("net.gke.io", "ServiceImport"),
        ("nfd.k8s-sigs.io", "*"),
        ("topology.node.k8s.io", "*"),
        ("submariner.io", "Endpoint Cluster Broker ServiceDiscovery"),
        ("cluster.open-cluster-management.io", "PlacementDecision ManagedClusterSet"),
        ("work.open-cluster-management.io", "AppliedManifestWork"),
        ("apps.open-cluster-management.io", "Channel"),
        ("policy.karmada.io", "*"),
        ("core.haproxy.org", "*"),
        ("k8s.nginx.org", "GlobalConfiguration"),
        ("gateway.nginx.org", "NginxProxy"),
        ("gateway.k8s.aws", "TargetGroupConfiguration LoadBalancerConfiguration"),
        ("pyrra.dev", "ServiceLevelObjective"),
        ("catalog.cattle.io", "ClusterRepo"),
        ("capsule.clastix.io", "CapsuleConfiguration"),
        ("app.terraform.io", "AgentPool"),
        ("loki.grafana.com", "AlertingRule RecordingRule RulerConfig"),
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
