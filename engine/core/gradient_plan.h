// Which gradients a backward pass has to compute, by Caffe's rules.
// Source: BVLC Caffe, Net::Init (src/caffe/net.cpp).
#ifndef QUANTD_ENGINE_CORE_GRADIENT_PLAN_H_
#define QUANTD_ENGINE_CORE_GRADIENT_PLAN_H_

#include <vector>

#include "absl/types/span.h"

namespace quantd {

// What decides about one layer. Blobs are numbered by the caller; in place, a
// bottom and a top have one number.
struct GradientFacts {
  std::vector<int> bottoms;
  std::vector<int> tops;
  std::vector<float> loss_weights;   // One per top.
  std::vector<bool> differentiable;  // One per bottom.
  std::vector<bool> propagate_down;  // One per bottom, or none.
  std::vector<float> lr_mults;       // One per learnable blob.
};

struct GradientNeeds {
  bool backward = false;      // Backward() is called at all.
  std::vector<bool> bottoms;  // One per bottom.
  std::vector<bool> blobs;    // One per learnable blob.
};

// The needs of each of `layers`, which are in file order. A gradient is wanted
// on the way from a blob with a learning rate to a loss. `force_backward`
// (NetParameter.force_backward): of every differentiable bottom and blob.
std::vector<GradientNeeds> PlanGradients(absl::Span<const GradientFacts> layers,
                                         bool force_backward);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_GRADIENT_PLAN_H_
