FROM python:3.12-slim
WORKDIR /srv
COPY requirements.txt pyproject.toml README.md ./
COPY telephony_bridge telephony_bridge
COPY sql sql
COPY deploy/pbx deploy/pbx
COPY docs/pbx docs/pbx
RUN pip install --no-cache-dir --require-hashes -r requirements.txt \
 && pip install --no-cache-dir --no-deps . \
 && useradd --system bridge
USER bridge
ENTRYPOINT ["telephony-bridge"]
CMD ["serve"]
