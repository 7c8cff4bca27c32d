// Counts the integers that differ between a deploy model and its fake-quant
// model, layer by layer.
#ifndef QUANTD_ENGINE_JOBS_VERIFICATION_LAYER_ROWS_H_
#define QUANTD_ENGINE_JOBS_VERIFICATION_LAYER_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "engine/eval/integer_difference.h"
#include "engine/integer/deploy_factors.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// A row per layer with quantized inputs (v1::VerifiedLayer). Numbers of all
// passes add up.
class LayerRows {
 public:
  // Which of a row's two counts of inputs.
  enum class Run {
    kByLayer,  // On the fake-quant model's integers.
    kAlone,    // The deploy model on its own.
  };

  // Adds a row for the layer `deploy` if one of its inputs is quantized, and
  // compares its weights, if they are integers, with those of `fake`. Errors:
  // those of CompareWeights().
  absl::Status Add(const caffe::LayerParameter& deploy,
                   const caffe::LayerParameter& fake,
                   const DeployFactors& factors);

  // Compares integers that go into `layer`: inputs, or states of recurrent
  // layers. Errors: FAILED_PRECONDITION, MODELS_NOT_COMPARABLE for two lengths.
  absl::Status CompareInputs(const std::string& layer, Run run,
                             absl::Span<const int16_t> deploy,
                             absl::Span<const int16_t> fake);

  // Compares the sums of `integers`, an IntegerLayer or
  // IntegerRecurrentProducts, with the floats that the fake-quant model has
  // instead. Errors: as CompareInputs(); FAILED_PRECONDITION,
  // ACTIVATION_NOT_FINITE with layer.
  template <typename Integers>
  absl::Status CompareSums(const std::string& layer, const Integers& integers,
                           absl::Span<const float> results) {
    const absl::Span<const int64_t> sums = integers.sums();
    RETURN_IF_ERROR(CheckResults(layer, sums.size(), results));
    Row& row = rows_[layer];
    integers.ForEachStretch([&](int64_t first, int64_t count, int64_t channel) {
      AddSums(integers.StepOf(channel), sums.subspan(first, count),
              results.subspan(first, count), &row);
    });
    return absl::OkStatus();
  }

  // In the order in which they were added.
  void AddTo(v1::VerifyResult* result) const;

 private:
  struct Row {
    v1::VerifiedLayer layer;
    IntegerDifference weights;
    IntegerDifference inputs;
    IntegerDifference sums;
    IntegerDifference inputs_alone;
  };

  static absl::Status CheckResults(const std::string& layer, size_t num_sums,
                                   absl::Span<const float> results);
  // Of one step.
  static void AddSums(double step, absl::Span<const int64_t> sums,
                      absl::Span<const float> results, Row* row);

  std::vector<std::string> names_;
  std::map<std::string, Row> rows_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_VERIFICATION_LAYER_ROWS_H_
