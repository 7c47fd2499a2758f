#!/opt/venv/bin/python
"""ML Metadata's store behind its gRPC service, with the options of the server's own.

The wheel has the store in C++, which takes and gives the bytes of each call; this part only listens.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store
from ml_metadata.proto import metadata_store_pb2 as proto


class Calls(grpc.GenericRpcHandler):
    """Hands every call of the service to the store's function of the same name."""

    def __init__(self, store):
        self.store = store

    def service(self, details):
        call = getattr(metadata_store, details.method.rpartition("/")[2], None)
        if call is None:
            return None

        def answer(request, context):
            response, message, code = call(self.store, request)
            if code:
                status = next(item for item in grpc.StatusCode if item.value[0] == code)
                context.abort(status, message.decode(errors="replace"))
            return response

        return grpc.unary_unary_rpc_method_handler(answer)


def main():
    parser = argparse.ArgumentParser()
    for name in ("database", "host", "user", "password"):
        parser.add_argument(f"--mysql_config_{name}", dest=name)
    parser.add_argument("--mysql_config_port", dest="port", type=int)
    parser.add_argument("--grpc_port", type=int)
    parser.add_argument("--enable_database_upgrade", type="true".__eq__)
    options = vars(parser.parse_args())
    port = options.pop("grpc_port")
    migration = proto.MigrationOptions(
        enable_upgrade_migration=options.pop("enable_database_upgrade")
    )
    config = proto.ConnectionConfig(mysql=proto.MySQLDatabaseConfig(**options))
    store = metadata_store.CreateMetadataStore(
        config.SerializeToString(), migration.SerializeToString()
    )
    # The store has one connection to its database: one call at a time.
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((Calls(store),))
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    print(f"listening on {port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
