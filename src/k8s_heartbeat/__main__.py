"""`python -m k8s_heartbeat` is the command line."""

from k8s_heartbeat.entrypoints.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
