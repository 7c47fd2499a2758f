"""Write the graph as JSON, for programs."""

from __future__ import annotations

import json as library

from compiler.diagrams.view import View, kind


def json(view: View) -> str:
    nodes = [
        {
            "name": node.name,
            "section": node.section,
            "type": kind(node),
            "namespace": node.namespace,
        }
        for node in view.nodes
    ]
    edges = [
        {
            "consumer": edge.consumer,
            "provider": edge.provider,
            "protocol": edge.interface,
            "claims": list(edge.claimed),
            "port": edge.port or None,
        }
        for edge in view.edges
    ]
    return library.dumps({"nodes": nodes, "edges": edges}, indent=2) + "\n"
