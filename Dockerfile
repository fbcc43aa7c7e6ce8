# Two stages: the first has pip and the build backend, the second only what runs.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/voltaire
COPY requirements/build.txt requirements/runtime.txt requirements/
# A throw-away environment builds the wheel; what is locked with hashes is all that gets in.
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt \
 && /opt/voltaire/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
RUN /opt/build/bin/pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/voltaire/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /dist/*.whl \
 && /opt/voltaire/bin/python -m compileall -q /opt/voltaire/lib \
 && /opt/voltaire/bin/pip uninstall --yes --quiet pip setuptools

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="voltaire" \
      org.opencontainers.image.description="Places, delays, pauses and migrates AI workloads by grid carbon intensity and battery state" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/voltaire /opt/voltaire
# Nothing is written at run time but the planner's compiled kernels, below HOME (5 MB): the root file system may be
# read-only.
ENV PATH=/opt/voltaire/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["voltaire"]
CMD ["operator"]
