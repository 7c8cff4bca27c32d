"""Finds OpenCV's DNN module (Debian's libopencv-dnn-dev), a peer in benchmarks.

Nothing of the product uses it. Without it the repository says so once and
`OPENCV_FOUND` is False: benchmarks leave its columns out.
"""

def _opencv_configure_impl(ctx):
    include = ctx.path("/usr/include/opencv4")
    found = include.get_child("opencv2").get_child("dnn.hpp").exists
    if found:
        ctx.symlink(include, "include")
    else:
        # buildifier: disable=print
        print("libopencv-dnn-dev not found: benchmarks have no OpenCV columns.")
    ctx.file("opencv_found.bzl", "OPENCV_FOUND = %s\n" % found)
    ctx.file("BUILD", """
package(default_visibility = ["//visibility:public"])

cc_library(
    name = "dnn",
    hdrs = glob(["include/**"]) if {found} else [],
    includes = ["include"] if {found} else [],
    linkopts = ["-lopencv_dnn", "-lopencv_core"] if {found} else [],
)
""".format(found = found))

opencv_configure = repository_rule(
    implementation = _opencv_configure_impl,
    local = True,
)
