// Whatever a caffemodel holds, reading it ends in a net or in an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "engine/graph/fuse_batch_norm.h"
#include "engine/graph/uninplace.h"
#include "engine/model/caffemodel.h"
#include "engine/model/load_model.h"

namespace {

// Names and types that the corpus has, so that blobs reach the passes.
constexpr char kPrototxt[] = R"(
    layer { name: "in" type: "Input" top: "x"
      input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }
    layer { name: "conv" type: "Convolution" bottom: "x" top: "c"
      convolution_param { num_output: 2 kernel_size: 1 } }
    layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
    layer { name: "sc" type: "Scale" bottom: "c" top: "c"
      scale_param { bias_term: true } }
    layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip"
      inner_product_param { num_output: 2 } })";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto source = quantd::ParseCaffemodel(bytes, "net.caffemodel");
  if (source.ok() && !quantd::SerializeCaffemodel(*source).ok()) std::abort();
  const auto model =
      quantd::LoadModel(kPrototxt, "net.prototxt", bytes, "net.caffemodel");
  if (!model.ok()) return 0;
  const auto apart = quantd::Uninplace(model->net);
  if (apart.ok()) quantd::FuseBatchNorm(*apart).IgnoreError();
  return 0;
}
