// Factors of a plan, as AMCT's record and as rows of the service's store.
#ifndef QUANTD_ENGINE_JOBS_CALIBRATION_FACTOR_RECORDS_H_
#define QUANTD_ENGINE_JOBS_CALIBRATION_FACTOR_RECORDS_H_

#include <vector>

#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/jobs/calibration/blob_observers.h"
#include "engine/quant/arq.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {

// `blobs` and `weights` are in the order of the plan's; `net` is the plan's
// net.
struct PlanFactors {
  std::vector<BlobFactors> blobs;
  std::vector<WeightFactors> weights;
  // As many as each layer's steps; empty, or empty for a layer: none.
  std::vector<std::vector<uint32_t>> shift_bits;
};

// One entry per quantized layer, in net order; inputs by bottom index.
amct::ScaleOffsetRecord MakeRecord(const caffe::NetParameter& net,
                                   const QuantPlan& plan,
                                   const PlanFactors& factors);

// The weights of a plan's layers alone, in the plan's order.
amct::ScaleOffsetRecord WeightRecord(const QuantPlan& plan,
                                     const std::vector<WeightFactors>& weights);

// One row per layer that is quantized or could be, in net order.
std::vector<v1::LayerRecord> MakeLayerRecords(const caffe::NetParameter& net,
                                              const QuantPlan& plan,
                                              const PlanFactors& factors);

// The same of factors that a user brought: `record` covers `plan`. min and max
// are what scale and offset can express.
std::vector<v1::LayerRecord> LayerRecordsOf(
    const caffe::NetParameter& net, const QuantPlan& plan,
    const amct::ScaleOffsetRecord& record);

// Adds skip_fusion for the layers of `net`, the fused net, that `config` keeps
// out of fusion, so that `record` converts to the same net: to their entries,
// or as entries with nothing else.
void AddSkipFusion(const caffe::NetParameter& net, const QuantConfig& config,
                   amct::ScaleOffsetRecord* record);

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_CALIBRATION_FACTOR_RECORDS_H_
