#include "engine/kernels/cpu/dnnl_context.h"

#include <exception>
#include <new>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace quantd {
namespace {

absl::Status OutOfMemory(absl::string_view what) {
  return Error(absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
               absl::StrCat("no memory for ", what));
}

}  // namespace

dnnl::engine& DnnlEngine() {
  static dnnl::engine* const engine =
      new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& DnnlStream() {
  thread_local dnnl::stream stream(DnnlEngine());
  return stream;
}

absl::Status CatchDnnl(absl::string_view what,
                       const std::function<void()>& body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) return OutOfMemory(what);
    return Error(
        absl::StatusCode::kInternal, "DEVICE_ERROR",
        absl::StrCat("oneDNN failed at ", what, ": ", error.what(), " (status ",
                     static_cast<int>(error.status), ")"));
  } catch (const std::bad_alloc&) {
    return OutOfMemory(what);
  } catch (const std::exception& error) {
    return Error(absl::StatusCode::kInternal, "DEVICE_ERROR",
                 absl::StrCat(what, " failed: ", error.what()));
  }
}

}  // namespace quantd
