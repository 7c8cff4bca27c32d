"""Protocol buffers and gRPC stubs for C++, by the system's protoc."""

def _generate_impl(ctx):
    outs = []
    for src in ctx.files.srcs:
        base = src.basename[:-len(".proto")]
        suffixes = [".grpc.pb.h", ".grpc.pb.cc"] if ctx.attr.grpc else [".pb.h", ".pb.cc"]
        for suffix in suffixes:
            outs.append(ctx.actions.declare_file(base + suffix))
    args = ctx.actions.args()
    args.add("-I.")
    args.add("-I/usr/include")
    if ctx.attr.grpc:
        args.add("--plugin=protoc-gen-grpc=" + ctx.executable._plugin.path)
        args.add("--grpc_out=" + ctx.bin_dir.path)
    else:
        args.add("--cpp_out=" + ctx.bin_dir.path)
    args.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = ctx.files.srcs + ctx.files.imports,
        tools = [ctx.executable._plugin],
        outputs = outs,
        mnemonic = "Protoc",
    )
    return [DefaultInfo(files = depset(outs))]

_generate = rule(
    implementation = _generate_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"]),
        "imports": attr.label_list(allow_files = [".proto"]),
        "grpc": attr.bool(default = False),
        "_protoc": attr.label(
            default = "@protobuf//:protoc",
            executable = True,
            allow_single_file = True,
            cfg = "exec",
        ),
        "_plugin": attr.label(
            default = "@protobuf//:grpc_cpp_plugin",
            executable = True,
            allow_single_file = True,
            cfg = "exec",
        ),
    },
)

def cc_proto(name, srcs, deps = [], grpc = False, visibility = None):
    """A C++ library of the messages in `srcs`.

    Args:
      name: the library; `<name>_srcs` is the filegroup of its .proto files.
      srcs: .proto files of this package. Imports are relative to the root.
      deps: other cc_proto targets that `srcs` import.
      grpc: also generate the service stubs, as `<name>_grpc`.
      visibility: of the library, the stubs and the filegroup.
    """
    native.filegroup(
        name = name + "_srcs",
        srcs = srcs + [dep + "_srcs" for dep in deps],
        visibility = visibility,
    )
    imports = [dep + "_srcs" for dep in deps]
    _generate(name = name + "_gen", srcs = srcs, imports = imports)
    native.cc_library(
        name = name,
        srcs = [name + "_gen"],
        hdrs = [name + "_gen"],
        visibility = visibility,
        deps = deps + ["@protobuf"],
    )
    if grpc:
        _generate(
            name = name + "_grpc_gen",
            srcs = srcs,
            imports = imports,
            grpc = True,
        )
        native.cc_library(
            name = name + "_grpc",
            srcs = [name + "_grpc_gen"],
            hdrs = [name + "_grpc_gen"],
            visibility = visibility,
            deps = [":" + name] + deps + ["@grpc"],
        )
