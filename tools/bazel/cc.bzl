"""C++ rules of this project: the native ones with our warnings switched on."""

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
]

def _all_copts(copts):
    # Clang's OpenMP wants a library that Debian keeps apart from clang; fuzzers
    # do without threads.
    without_openmp = select({
        "//tools/bazel:fuzz": [
            "-fno-openmp",
            "-Wno-source-uses-openmp",
            "-Wno-unused-const-variable",  # Of pragmas that are left out.
        ],
        "//conditions:default": [],
    })
    return _COPTS + copts + (without_openmp if "-fopenmp" in copts else [])

# What programs need that are built for a sanitizer.
_RUNTIME = select({
    "//tools/bazel:tsan": ["//tools/tsan:absl_mutex"],
    "//conditions:default": [],
})

def quantd_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = _all_copts(copts), **kwargs)

def quantd_cc_binary(name, copts = [], deps = [], **kwargs):
    native.cc_binary(
        name = name,
        copts = _all_copts(copts),
        deps = deps + _RUNTIME,
        **kwargs
    )

def quantd_cc_test(name, copts = [], data = [], deps = [], size = "small", **kwargs):
    native.cc_test(
        name = name,
        size = size,
        copts = _all_copts(copts),
        data = data + select({
            "//tools/bazel:tsan": ["//tools/tsan:suppressions.txt"],
            "//conditions:default": [],
        }),
        deps = deps + ["@gtest//:gtest_main"] + _RUNTIME,
        **kwargs
    )
