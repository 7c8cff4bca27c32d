"""A layer type: one source, its test beside it."""

load("//tools/bazel:cc.bzl", "quantd_cc_library", "quantd_cc_test")

def quantd_layer(name, deps = [], test_deps = [], test_data = [], copts = []):
    """The library `name` of `name`.cc, and the test `name`_test.

    Args:
      name: the Caffe type in snake_case.
      deps: of the layer, beyond the layer contract and //base.
      test_deps: of the test, beyond :registry and the test harness.
      test_data: files that the test reads.
      copts: of the layer.
    """
    quantd_cc_library(
        name = name,
        srcs = [name + ".cc"],
        copts = copts,
        deps = [
            ":checks",
            "//base:error",
            "//base:status_macros",
            "//engine/core:layer",
            "//engine/core:shape",
            "//engine/core:tensor",
            "//proto/caffe",
            "@absl",
        ] + deps,
    )
    quantd_cc_test(
        name = name + "_test",
        srcs = [name + "_test.cc"],
        data = test_data,
        deps = [
            "//base/testing:status_matchers",
            "//engine/layers/testing:layer_test_util",
        ] + test_deps,
    )

def quantd_unary_layer(name, deps = [], test_deps = []):
    """A layer y = f(x), elementwise: the library of `name`.cc, and its test."""
    quantd_layer(
        name = name,
        copts = [
            "-fopenmp",
            "-O3",
        ],
        deps = [":unary_layer"] + deps,
        test_deps = ["//engine/layers/testing:function_check"] + test_deps,
    )
