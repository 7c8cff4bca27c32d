"""Fuzz targets that are ordinary tests too."""

load("//tools/bazel:cc.bzl", "quantd_cc_binary", "quantd_cc_test")

def quantd_fuzz_test(name, srcs, corpus, deps, size = "small"):
    """A test that replays `corpus` with small mutations, and a libFuzzer binary.

    The binary, <name>_libfuzzer, needs clang:
      bazel build --config=fuzz //tests/fuzz:<name>_libfuzzer

    Args:
      name: of the test.
      srcs: one file that defines LLVMFuzzerTestOneInput.
      corpus: folder under tests/fuzz/corpus.
      deps: of srcs.
      size: of the test.
    """
    files = native.glob(["corpus/" + corpus + "/*"])
    quantd_cc_test(
        name = name,
        size = size,
        srcs = srcs + ["replay_test.cc"],
        args = ["$(location %s)" % file for file in files],
        data = files,
        deps = deps,
    )
    quantd_cc_binary(
        name = name + "_libfuzzer",
        srcs = srcs,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps,
    )
