#include "engine/core/gradient_plan.h"

#include <algorithm>
#include <set>

namespace quantd {
namespace {

bool IsNotZero(float value) { return value != 0; }

// From the inputs on: what has something to learn below it.
void WantWhatLearns(absl::Span<const GradientFacts> layers,
                    std::vector<GradientNeeds>* needs) {
  std::set<int> learning;  // Blobs that depend on something learned.
  for (size_t i = 0; i < layers.size(); ++i) {
    const GradientFacts& facts = layers[i];
    GradientNeeds& need = (*needs)[i];
    for (size_t b = 0; b < facts.bottoms.size(); ++b) {
      const bool below = learning.count(facts.bottoms[b]) > 0;
      const bool wanted =
          facts.propagate_down.empty() ? below : facts.propagate_down[b];
      need.bottoms.push_back(wanted && facts.differentiable[b]);
      need.backward |= below && facts.differentiable[b];
    }
    for (float lr_mult : facts.lr_mults) need.blobs.push_back(lr_mult != 0);
    need.backward |=
        std::any_of(facts.lr_mults.begin(), facts.lr_mults.end(), IsNotZero);
    if (need.backward) learning.insert(facts.tops.begin(), facts.tops.end());
  }
}

// From the losses back: what no loss depends on is not wanted.
void DropWhatNoLossSees(absl::Span<const GradientFacts> layers,
                        std::vector<GradientNeeds>* needs) {
  std::set<int> under_loss;
  for (size_t i = layers.size(); i-- > 0;) {
    const GradientFacts& facts = layers[i];
    GradientNeeds& need = (*needs)[i];
    bool contributes = std::any_of(facts.loss_weights.begin(),
                                   facts.loss_weights.end(), IsNotZero);
    for (int top : facts.tops) contributes |= under_loss.count(top) > 0;
    if (!contributes) {
      need.backward = false;
      need.bottoms.assign(need.bottoms.size(), false);
      continue;
    }
    for (size_t b = 0; b < facts.bottoms.size(); ++b) {
      if (facts.differentiable[b]) under_loss.insert(facts.bottoms[b]);
    }
  }
}

// A layer without anything to compute is not called.
void CallOnlyWhereWanted(std::vector<GradientNeeds>* needs) {
  for (GradientNeeds& need : *needs) {
    need.backward =
        need.backward &&
        (std::count(need.bottoms.begin(), need.bottoms.end(), true) > 0 ||
         std::count(need.blobs.begin(), need.blobs.end(), true) > 0);
  }
}

void WantAll(absl::Span<const GradientFacts> layers,
             std::vector<GradientNeeds>* needs) {
  for (size_t i = 0; i < layers.size(); ++i) {
    GradientNeeds& need = (*needs)[i];
    need.bottoms = layers[i].differentiable;
    need.blobs.assign(layers[i].lr_mults.size(), true);
    need.backward = !need.blobs.empty() ||
                    std::count(need.bottoms.begin(), need.bottoms.end(), true);
  }
}

}  // namespace

std::vector<GradientNeeds> PlanGradients(absl::Span<const GradientFacts> layers,
                                         bool force_backward) {
  std::vector<GradientNeeds> needs(layers.size());
  if (force_backward) {
    WantAll(layers, &needs);
    return needs;
  }
  WantWhatLearns(layers, &needs);
  DropWhatNoLossSees(layers, &needs);
  CallOnlyWhereWanted(&needs);
  return needs;
}

}  // namespace quantd
