# docker build -t offboard .
# docker run -d --name offboard --env-file .env -p 8080:8080 -v offboard:/var/lib/offboard --stop-timeout 30 offboard
# docker exec offboard offboard doctor

FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/offboard
# The dependencies change less often than the code: a layer of their own.
COPY requirements.lock .
RUN /opt/offboard/bin/pip install --require-hashes -r requirements.lock
COPY . .
RUN /opt/offboard/bin/pip install --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/offboard --create-home offboard
COPY --from=build /opt/offboard /opt/offboard
# 0.0.0.0: the container's own network; what the world reaches is decided by -p.
# HOME: a library looks for it when it is imported, and a user id of your own choice has none.
ENV PATH=/opt/offboard/bin:$PATH \
    HOME=/var/lib/offboard \
    PYTHONUNBUFFERED=1 \
    OFFBOARD_HOST=0.0.0.0 \
    OFFBOARD_PORT=8080 \
    OFFBOARD_DATABASE_URL=sqlite:////var/lib/offboard/offboard.sqlite3
USER offboard
WORKDIR /var/lib/offboard
VOLUME /var/lib/offboard
EXPOSE 8080
# http.client, because urllib would take a proxy of the environment even for 127.0.0.1.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['OFFBOARD_PORT']), timeout=3); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["offboard"]
CMD ["serve"]
