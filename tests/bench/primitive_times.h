// The floor of a net: its convolutions and inner products alone, as oneDNN
// computes them at best.
#ifndef QUANTD_TESTS_BENCH_PRIMITIVE_TIMES_H_
#define QUANTD_TESTS_BENCH_PRIMITIVE_TIMES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/core/net.h"

namespace quantd::testing {

// One layer's primitive with memory of its own: layouts of oneDNN's choice,
// weights packed, bias and ReLU fused; of direct and Winograd convolution the
// faster.
class LayerPrimitive {
 public:
  virtual ~LayerPrimitive() = default;
  virtual void Run() = 0;

  std::string layer;
  double flops = 0;
};

// The primitives of the Convolution, DepthwiseConv and InnerProduct layers of
// `net`, with the shapes that its blobs have now.
absl::StatusOr<std::vector<std::unique_ptr<LayerPrimitive>>> LayerPrimitives(
    const Net& net);

}  // namespace quantd::testing

#endif  // QUANTD_TESTS_BENCH_PRIMITIVE_TIMES_H_
