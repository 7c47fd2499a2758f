"""Pods without a container engine: compiled workloads as local processes in their own namespaces.

Each pod gets a network, each container a root file system, from this machine's own programs. What
the manifests say of commands, environment, files, users, probes and Services happens.
Needs root, util-linux and iproute2. Everything stays on loopback addresses.
"""
