# Stand-in for haproxy. The configuration is mounted by compose.yaml.
ARG BASE_IMAGE=watchkeeper/base:trixie
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER 1000:1000
ENTRYPOINT ["haproxy"]
