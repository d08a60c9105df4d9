# The workflow with its software, by the steps of README.md: docker build --tag persister-regulons .
# What is in it is passed on under the terms of the GPL, version 3 (README.md, "Cite and reuse").
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3.11 python3.11-venv make git ca-certificates procps \
 && rm -rf /var/lib/apt/lists/*
COPY . /opt/persister-regulons
WORKDIR /opt/persister-regulons
RUN make env
ENV PATH=/opt/persister-regulons/.venv/bin:$PATH
CMD ["snakemake", "--help"]
