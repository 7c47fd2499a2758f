"""Ports of SeaweedFS 4.x; the gRPC port of a server is its HTTP port plus 10000."""

S3, METRICS = 8333, 9327
MASTER = (9333, 19333)
VOLUME = (8080, 18080)
FILER = (8888, 18888)


def named(role: str, ports: tuple[int, int]) -> dict[str, int]:
    """The ports of one kind of server, by their names in a Service."""
    http, grpc = ports
    return {f"http-{role}": http, f"grpc-{role}": grpc}
