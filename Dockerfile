# The base is pinned by tag. Where images can be pulled, pin it by digest too:
#   docker build --build-arg PYTHON_IMAGE=python:3.11.14-slim-bookworm@sha256:… .
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /build && /build/bin/pip install --require-hashes -r requirements-build.txt \
 && python -m venv --without-pip /opt/telephony-bridge \
 && /build/bin/pip --python /opt/telephony-bridge/bin/python install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md ./
COPY telephony_bridge telephony_bridge
COPY sql sql
COPY deploy/pbx deploy/pbx
COPY docs/pbx docs/pbx
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /build/bin/pip --python /opt/telephony-bridge/bin/python install --no-deps /wheel/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 bridge \
 && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin bridge \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/telephony-bridge
COPY --from=build /opt/telephony-bridge /opt/telephony-bridge
# DATA_DIR is written only without a Postgres or a SECRET_KEY of one's own: mount a volume there then.
ENV PATH=/opt/telephony-bridge/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    TELEPHONY_BRIDGE_HOST=0.0.0.0 TELEPHONY_BRIDGE_DATA_DIR=/var/lib/telephony-bridge TELEPHONY_BRIDGE_LOG_FORMAT=json
WORKDIR /var/lib/telephony-bridge
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["telephony-bridge"]
CMD ["serve"]
