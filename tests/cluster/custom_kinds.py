"""Kinds that Kubernetes has no controllers for: one of our own, and those of Knative and of Argo.

The statuses of our own kind and those of Knative and Argo Rollouts are written by hand, as their
controllers write them: what is real here is how the API serves them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.cluster.plane import ApiError, ControlPlane, Manifest
from tests.cluster.story import (
    DOWN,
    HEALTHY,
    WEB,
    Action,
    Expected,
    Scenario,
    Step,
    applies,
    changes,
    there,
)

GROUP = "test.example.com"
GADGET = f"gadgets.{GROUP}"
# Old news would not be on its way any more.
WHEN = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

PROGRESSING = replace(HEALTHY, activity="progressing")
ON_ITS_WAY = Expected("degraded", "progressing", up=True, code=200)


def definition(
    kind: str, plural: str, group: str, version: str = "v1", *short_names: str
) -> Manifest:
    """A CustomResourceDefinition of a kind with a status of whatever form."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            # Without a word on it the API server takes no definition in a group of Kubernetes'.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "shortNames": list(short_names)},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": schema,
                    "subresources": {"status": {}},
                }
            ],
        },
    }


DEFINITIONS = {
    item["spec"]["names"]["kind"] + "." + item["spec"]["group"]: item
    for item in (
        definition("Gadget", "gadgets", GROUP, "v1", "gdg"),
        definition("Service", "services", "serving.knative.dev", "v1", "kservice", "ksvc"),
        definition("Revision", "revisions", "serving.knative.dev", "v1", "rev"),
        definition("Rollout", "rollouts", "argoproj.io", "v1alpha1", "ro"),
        definition("Certificate", "certificates", "cert-manager.io", "v1", "cert"),
        definition("HTTPRoute", "httproutes", "gateway.networking.k8s.io"),
        definition("PrometheusRule", "prometheusrules", "monitoring.coreos.com", "v1", "promrule"),
        definition("ServiceMonitor", "servicemonitors", "monitoring.coreos.com", "v1", "smon"),
    )
}
"""The kinds of these scenarios by kind and group; once defined they stay."""


def defines(name: str) -> Action:
    """Define a kind, and wait until it is served."""
    manifest = DEFINITIONS[name]
    group, names = manifest["spec"]["group"], manifest["spec"]["names"]
    path = f"/apis/{group}/{manifest['spec']['versions'][0]['name']}/{names['plural']}"

    def do(plane: ControlPlane, _namespace: str) -> None:
        plane.apply(manifest)

        def is_served() -> bool:
            try:
                plane.request("GET", path)
            except ApiError as error:
                # Not known yet, or known and its storage not open yet.
                if error.code not in (404, 429):
                    raise
                return False
            return True

        plane.wait_until(is_served, what=f"{path} is served")

    return do


def makes(name: str, **spec: object) -> Action:
    """Make an object of a kind that is defined first."""
    manifest = DEFINITIONS[name]["spec"]
    made = {
        "apiVersion": f"{manifest['group']}/{manifest['versions'][0]['name']}",
        "kind": manifest["names"]["kind"],
        "metadata": {"name": WEB},
        "spec": spec,
    }

    def do(plane: ControlPlane, namespace: str) -> None:
        defines(name)(plane, namespace)
        applies(made)(plane, namespace)

    return do


def says(kind: str, **status: object) -> Step:
    """Write the object's status, as its controller does."""

    def do(plane: ControlPlane, namespace: str) -> None:
        plane.patch(kind, namespace, WEB, {"status": status}, "status")

    return Step(do, there)


def stated(**conditions: str) -> list[Manifest]:
    """Conditions by type, each as its status, and its reason after a space."""
    return [
        {
            "type": kind,
            "status": words.partition(" ")[0],
            "reason": words.partition(" ")[2] or "AsItIs",
            "message": "",
            "lastTransitionTime": WHEN,
        }
        for kind, words in conditions.items()
    ]


def gadget(name: str, expected: Expected, *then: Step, **conditions: str) -> Scenario:
    """A story of our own kind whose controller states these conditions, and what happens then."""
    steps = [Step(makes(f"Gadget.{GROUP}"), there)]
    if conditions:
        steps.append(says("Gadget", observedGeneration=1, conditions=stated(**conditions)))
    return Scenario(
        name=f"gadget-{name}",
        kind="Gadget",
        path_kind="gadget",
        beyond_role=True,
        steps=(*steps, *then),
        expected=expected,
    )


GADGETS = (
    gadget("without-status", Expected("unknown", "progressing", up=False, code=503)),
    gadget("ready", HEALTHY, Ready="True"),
    gadget("reconciling", PROGRESSING, Ready="True", Reconciling="True"),
    gadget("not-ready-yet", ON_ITS_WAY, Ready="False Progressing", Reconciling="True"),
    gadget("unknown-yet", ON_ITS_WAY, Ready="Unknown"),
    gadget("not-ready", replace(DOWN, reason="Broken"), Ready="False Broken"),
    gadget(
        "stalled",
        replace(DOWN, reason="NoQuota"),
        Ready="False Progressing",
        Reconciling="False",
        Stalled="True NoQuota",
    ),
    gadget(
        "stalled-no-more",
        HEALTHY,
        Ready="True",
        Reconciling="False",
        Stalled="False",
    ),
    gadget(
        "changed",
        PROGRESSING,
        # Its controller has not seen that yet.
        Step(changes("Gadget", {"spec": {"size": 2}}), there),
        Ready="True",
    ),
)

CONFIG_MAP = Scenario(
    name="configmap-exists",
    kind="ConfigMap",
    path_kind="cm",
    beyond_role=True,
    steps=(
        Step(applies({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": WEB}}), there),
    ),
    expected=replace(HEALTHY, reason="Exists"),
)

KNATIVE_SERVICE = "serving.knative.dev/v1 Service"
# Written by hand, after Knative's own lifecycles (serving/pkg/apis/serving/v1/*_lifecycle.go).
KNATIVE = (
    Scenario(
        name="knative-service-fails",
        kind=KNATIVE_SERVICE,
        path_kind="ksvc",
        steps=(
            Step(makes("Service.serving.knative.dev"), there),
            says(
                KNATIVE_SERVICE,
                observedGeneration=1,
                conditions=stated(
                    ConfigurationsReady="False RevisionFailed",
                    Ready="False RevisionFailed",
                    RoutesReady="Unknown RevisionMissing",
                ),
            ),
        ),
        expected=replace(DOWN, reason="RevisionFailed"),
        recovery=(
            says(
                KNATIVE_SERVICE,
                observedGeneration=1,
                conditions=stated(ConfigurationsReady="True", Ready="True", RoutesReady="True"),
            ),
        ),
    ),
    Scenario(
        name="knative-service-changes-while-it-serves",
        kind=KNATIVE_SERVICE,
        path_kind="services.serving.knative.dev",
        steps=(
            Step(makes("Service.serving.knative.dev"), there),
            says(
                KNATIVE_SERVICE,
                observedGeneration=1,
                conditions=stated(
                    ConfigurationsReady="Unknown", Ready="Unknown", RoutesReady="True"
                ),
            ),
        ),
        expected=ON_ITS_WAY,
    ),
    Scenario(
        name="knative-revision-scaled-to-zero",
        kind="Revision",
        path_kind="revision",
        steps=(
            Step(makes("Revision.serving.knative.dev"), there),
            says(
                "Revision",
                observedGeneration=1,
                conditions=[
                    {**stated(Active="False NoTraffic")[0], "severity": "Info"},
                    *stated(ContainerHealthy="True", Ready="True", ResourcesAvailable="True"),
                ],
            ),
        ),
        expected=replace(HEALTHY, activity="suspended"),
    ),
)

# Written by hand, after Argo's own controller (argo-rollouts/utils/rollout/rolloututil.go).
ROLLOUTS = (
    Scenario(
        name="argo-rollout-paused-at-its-canary",
        kind="Rollout",
        path_kind="rollout",
        steps=(
            Step(makes("Rollout.argoproj.io", replicas=2), there),
            says(
                "Rollout",
                # It counts as a text.
                observedGeneration="1",
                phase="Paused",
                message="CanaryPauseStep",
                replicas=3,
                availableReplicas=3,
                readyReplicas=3,
                updatedReplicas=1,
                conditions=stated(Available="True", Paused="True", Progressing="Unknown"),
            ),
        ),
        expected=replace(HEALTHY, activity="suspended"),
        recovery=(says("Rollout", phase="Healthy", message=None, updatedReplicas=2),),
    ),
    Scenario(
        name="argo-rollout-aborted-while-it-serves",
        kind="Rollout",
        path_kind="rollouts.argoproj.io",
        steps=(
            Step(makes("Rollout.argoproj.io", replicas=2), there),
            says(
                "Rollout",
                observedGeneration="1",
                phase="Degraded",
                message="RolloutAborted: Rollout aborted update to revision 2",
                availableReplicas=2,
            ),
        ),
        expected=Expected("degraded", "steady", up=True, code=200, reason="RolloutAborted"),
        recovery=(says("Rollout", availableReplicas=0),),
        recovered=DOWN,
    ),
)

CUSTOM = (*GADGETS, CONFIG_MAP, *KNATIVE, *ROLLOUTS)
