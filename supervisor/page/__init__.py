"""The status page, for people without Grafana: what the supervisor knows, in words, at `/`."""
