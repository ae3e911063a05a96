"""Tells whether Kubernetes workloads are up, as plain judgements and as honest status codes.

The judgement is in `k8s_heartbeat.core`, which needs the standard library alone.
"""


def __getattr__(name: str) -> str:
    """Looks the version up only when asked: reading metadata costs more than the core's import."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - importing it slows every start

        return version("k8s-heartbeat")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
