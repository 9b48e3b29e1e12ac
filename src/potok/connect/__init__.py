"""The wire: Spark Connect's protocol in front of a session. Only this package knows protobuf and gRPC."""
