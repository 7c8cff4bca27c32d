// Clusters the weights of a layer by SNQ: 4 bits, not uniform.
// Not here: which layers (engine/config/quant_plan.h), the files' tables
// (engine/export/weight_tables.h).
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_CLUSTER_WEIGHTS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_CLUSTER_WEIGHTS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/quant/arq.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct ClusteredWeights {
  WeightFactors factors;
  // Channels, or 1 for the layer, that uniform 4-bit weights would suit better.
  int num_worse_than_uniform = 0;
};

// Replaces blob 0 of `layer` by its SnqFakeWeights() with the options in
// `params`: its 8-bit codes with the factors are the integers of SNQ. scales:
// one per channel or one; empty: those that SNQ finds. Weights that are
// clustered with these scales already stay as they are.
// Errors: those of ChannelRows() and SnqSearch().
absl::StatusOr<ClusteredWeights> ClusterWeights(const WeightQuantParams& params,
                                                absl::Span<const float> scales,
                                                caffe::LayerParameter* layer);

// Clusters the weights of 4 bits of `plan` with the scales of `record`, which
// covers it.
// Errors: those of ClusterWeights(), with layer.
absl::Status ClusterByRecord(const QuantPlan& plan,
                             const amct::ScaleOffsetRecord& record,
                             caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_CLUSTER_WEIGHTS_H_
