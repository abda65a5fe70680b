# Stand-in for redis: user 999 and /data as in the official image.
ARG BASE_IMAGE=watchkeeper/base:trixie
FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && install -d -o 999 -g 1000 /data
USER 999:1000
WORKDIR /data
ENTRYPOINT ["redis-server"]
