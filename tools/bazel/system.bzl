"""The system's libraries, one external repository and one BUILD overlay each.

Nothing else in the build names a path of the system.
"""

_LIBRARIES = [
    "absl",
    "benchmark",
    "dnnl",
    "grpc",
    "gtest",
    "hdf5",
    "jpeg",
    "json",
    "lmdb",
    "openssl",
    "png",
    "prometheus",
    "protobuf",
    "rocksdb",
    "spdlog",
    "zlib",
]

def system_libraries():
    for name in _LIBRARIES:
        native.new_local_repository(
            name = name,
            path = "/usr",
            build_file = "//tools/bazel:%s.BUILD" % name,
        )
