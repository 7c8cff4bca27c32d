#include "engine/jobs/verification/layer_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "engine/jobs/verification/model_pair.h"

namespace quantd {
namespace {

v1::IntegerDifference ToProto(const IntegerDifference& difference) {
  v1::IntegerDifference proto;
  proto.set_num_elements(difference.num_elements());
  proto.set_num_differing(difference.num_differing());
  proto.set_max_steps(difference.max_steps());
  return proto;
}

absl::Status CheckSameSize(const std::string& layer, size_t deploy,
                           size_t fake) {
  if (deploy == fake) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "MODELS_NOT_COMPARABLE",
               absl::StrCat("layer \"", layer, "\" has ", deploy,
                            " values in the deploy model and ", fake,
                            " in the fake-quant model; give the two models of "
                            "one job"),
               {{"layer", layer}});
}

}  // namespace

absl::Status LayerRows::Add(const caffe::LayerParameter& deploy,
                            const caffe::LayerParameter& fake,
                            const DeployFactors& factors) {
  int num_bits = 0;
  for (const auto& input : factors.inputs) {
    if (input) num_bits = std::max(num_bits, input->num_bits);
  }
  if (num_bits == 0) return absl::OkStatus();
  names_.push_back(deploy.name());
  Row& row = rows_[deploy.name()];
  row.layer.set_layer(deploy.name());
  row.layer.set_type(deploy.type());
  row.layer.set_num_bits_d(num_bits);
  if (!HasIntegerWeights(deploy)) return absl::OkStatus();
  ASSIGN_OR_RETURN(row.weights, CompareWeights(deploy, fake, factors));
  row.layer.set_integer(true);
  return absl::OkStatus();
}

absl::Status LayerRows::CompareInputs(const std::string& layer, Run run,
                                      absl::Span<const int16_t> deploy,
                                      absl::Span<const int16_t> fake) {
  RETURN_IF_ERROR(CheckSameSize(layer, deploy.size(), fake.size()));
  Row& row = rows_[layer];
  (run == Run::kAlone ? row.inputs_alone : row.inputs).Add(deploy, fake);
  return absl::OkStatus();
}

absl::Status LayerRows::CheckResults(const std::string& layer, size_t num_sums,
                                     absl::Span<const float> results) {
  RETURN_IF_ERROR(CheckSameSize(layer, num_sums, results.size()));
  if (std::all_of(results.begin(), results.end(),
                  [](float y) { return std::isfinite(y); })) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, "ACTIVATION_NOT_FINITE",
               absl::StrCat("layer \"", layer,
                            "\": the fake-quant model computes NaN or "
                            "infinity; check its weights"),
               {{"layer", layer}});
}

void LayerRows::AddSums(double step, absl::Span<const int64_t> sums,
                        absl::Span<const float> results, Row* row) {
  const int num_bits = row->layer.num_bits_d();
  const int64_t unit = int64_t{1} << std::max(0, num_bits - 8);
  int64_t num_overflows = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    num_overflows += sums[i] > std::numeric_limits<int32_t>::max() ||
                     sums[i] < std::numeric_limits<int32_t>::min();
    // The float result of the very sum, which may need more bits.
    const float same = static_cast<float>(sums[i]) * static_cast<float>(step);
    const double steps = std::clamp(results[i] / step, -0x1p60, 0x1p60);
    row->sums.Add(sums[i], results[i] == same ? sums[i] : std::llround(steps),
                  unit);
  }
  if (num_bits > 8) return;
  row->layer.set_num_overflows(row->layer.num_overflows() + num_overflows);
}

void LayerRows::AddTo(v1::VerifyResult* result) const {
  for (const std::string& name : names_) {
    const Row& row = rows_.at(name);
    v1::VerifiedLayer* layer = result->add_layers();
    *layer = row.layer;
    *layer->mutable_weights() = ToProto(row.weights);
    *layer->mutable_inputs() = ToProto(row.inputs);
    *layer->mutable_sums() = ToProto(row.sums);
    *layer->mutable_inputs_alone() = ToProto(row.inputs_alone);
  }
}

}  // namespace quantd
