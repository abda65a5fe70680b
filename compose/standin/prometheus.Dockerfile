# Stand-in for prom/prometheus: same entry point name, same user, same data directory.
ARG BASE_IMAGE=watchkeeper/base:trixie
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends prometheus promtool \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/lib/prometheus \
 && install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
WORKDIR /prometheus
ENTRYPOINT ["prometheus"]
