# One image, three commands: `serve` hears, `work` tells, `up` does both with its own Redis.
FROM python:3.13-slim AS build
COPY . /source
RUN sh /source/docker/install.sh /source /opt/tocsin

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin tocsin
COPY --from=build /opt/tocsin /opt/tocsin
ENV PATH=/opt/tocsin/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8080
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# A receiver is healthy while it can keep what it hears, in Redis or in its spool. A worker has no port: compose.yaml turns this off for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=2)"]
ENTRYPOINT ["tocsin"]
CMD ["serve"]
