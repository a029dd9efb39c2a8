# Sourced by the tools: every version that is not in a package.json, in one place.
CP_NODE_VERSION=22.23.3
CP_KUBERNETES_VERSION=1.34.10
CP_KAFKA_VERSION=4.1.2
CP_SLF4J_VERSION=1.7.36
CP_HELM_VERSION=3.19.2
CP_DEBIAN_SUITE=bookworm
CP_DEBIAN_NEXT_SUITE=trixie
