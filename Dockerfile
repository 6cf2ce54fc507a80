# attnviz in hosted mode (docs/hosting.md): docker build -t attnviz . && docker run -p 8501:8501 attnviz
FROM python:3.12-slim-bookworm AS build

# Address of an index with PyTorch's builds for the processor alone, or for a version of CUDA. If
# empty, what is installed are the files that the lock names by their checksums.
ARG TORCH_INDEX=""

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/attnviz
ENV PATH="/opt/attnviz/bin:$PATH"
WORKDIR /source
COPY . .
RUN if [ -n "$TORCH_INDEX" ]; then \
      grep '^torch' requirements.txt >torch.txt \
      && pip install --requirement torch.txt --index-url "$TORCH_INDEX"; \
    else \
      pip install --require-hashes --requirement requirements-app.lock; \
    fi \
    && pip install .

FROM python:3.12-slim-bookworm

COPY --from=build /opt/attnviz /opt/attnviz
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin attnviz
ENV PATH="/opt/attnviz/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    HOME=/nonexistent \
    ATTNVIZ_MODE=hosted \
    ATTNVIZ_HOSTS=localhost,127.0.0.1 \
    ATTNVIZ_RUNS=/tmp/attnviz/runs \
    TORCH_HOME=/tmp/attnviz/torch \
    MPLCONFIGDIR=/tmp/attnviz/matplotlib
USER 1000
WORKDIR /tmp
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["attnviz", "app", "--port", "8501"]
