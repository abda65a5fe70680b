# Stand-in for prom/alertmanager (amtool is in the same package).
ARG BASE_IMAGE=watchkeeper/base:trixie
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends prometheus-alertmanager \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/lib/prometheus \
 && ln -sf "$(command -v prometheus-alertmanager || command -v alertmanager)" /usr/local/bin/alertmanager \
 && install -d -o 65534 -g 65534 /alertmanager
USER 65534:65534
WORKDIR /alertmanager
ENTRYPOINT ["alertmanager"]
