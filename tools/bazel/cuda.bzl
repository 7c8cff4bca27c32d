"""Finds the CUDA toolkit: $CUDA_HOME, then /usr/local/cuda.

Without one the repository says so once and `CUDA_FOUND` is False: the build
goes on without GPU code.
"""

def _cuda_configure_impl(ctx):
    home = ctx.os.environ.get("CUDA_HOME", "/usr/local/cuda")
    nvcc = ctx.path(home).get_child("bin").get_child("nvcc")
    found = nvcc.exists
    if found:
        ctx.symlink(home, "toolkit")
    else:
        # buildifier: disable=print
        print("CUDA toolkit not found in %s: building without GPU support." % home)
    ctx.file("cuda_found.bzl", "CUDA_FOUND = %s\n" % found)
    ctx.file("BUILD", """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "headers",
    hdrs = glob(["toolkit/include/**"]) if {found} else [],
    includes = ["toolkit/include"] if {found} else [],
)
""".format(found = found))

cuda_configure = repository_rule(
    implementation = _cuda_configure_impl,
    environ = ["CUDA_HOME"],
    local = True,
)
