#include "engine/jobs/verification/verify_bounds.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quantd {
namespace {

bool Breaks(const v1::IntegerDifference& difference) {
  const double share = static_cast<double>(difference.num_differing()) /
                       static_cast<double>(difference.num_elements());
  return difference.max_steps() > kMaxSteps ||
         (difference.num_differing() > 1 && share >= kMaxDifferingShare);
}

std::string Describe(const std::string& layer, const char* what,
                     const v1::IntegerDifference& difference) {
  return absl::StrCat("layer \"", layer, "\": ", difference.num_differing(),
                      " of ", difference.num_elements(), " ", what,
                      " differ, by up to ", difference.max_steps(), " steps");
}

}  // namespace

void Judge(v1::VerifyResult* result) {
  result->clear_failures();
  for (const v1::VerifiedLayer& layer : result->layers()) {
    if (layer.weights().num_differing() > 0) {
      result->add_failures(
          Describe(layer.layer(), "weights and biases", layer.weights()));
    }
    if (Breaks(layer.inputs())) {
      result->add_failures(
          Describe(layer.layer(), "integer inputs", layer.inputs()));
    }
    if (Breaks(layer.sums())) {
      result->add_failures(
          Describe(layer.layer(), "integer sums", layer.sums()));
    }
    if (layer.num_overflows() > 0) {
      result->add_failures(absl::StrCat("layer \"", layer.layer(),
                                        "\": ", layer.num_overflows(),
                                        " sums are beyond 32 bits"));
    }
  }
  if (result->top1_agreement() >= 0) {
    const auto num_images = static_cast<double>(result->num_images());
    const double num_others =
        std::round((1 - result->top1_agreement()) * num_images) -
        static_cast<double>(result->num_tied_images());
    if (num_others > 1 && num_others > (1 - kMinTop1Agreement) * num_images) {
      result->add_failures(absl::StrFormat(
          "%.0f of %d images have another top-1 class%s", num_others,
          result->num_images(),
          result->failures().empty()
              ? ", though every layer passes: values between two integers, "
                "which the float model rounds the other way, change what the "
                "layers behind them compute"
              : ""));
    }
  }
  result->set_passed(result->failures().empty());
}

}  // namespace quantd
