// What follows from a record of factors that a user brings (AMCT's
// convert_model): which layers are quantized, and whether all of it fits.
// Not here: reading it and the ranges of its values (record_file.h).
#ifndef QUANTD_ENGINE_EXPORT_USER_RECORD_H_
#define QUANTD_ENGINE_EXPORT_USER_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/config/quant_config.h"
#include "engine/config/quant_plan.h"
#include "engine/graph/fusion_report.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The configuration that `record` stands for: the layers with an entry are on,
// all others off; an entry with nothing but skip_fusion does not count. Bits of
// activations are num_bits_d, weights are channel-wise where scale_w has many
// values and SNQ's, with its defaults, where num_bits_w is 4, layers with
// skip_fusion are not fused. activation_offset is true if any offset_d is not
// 0: that is all a record tells of it. `net`: as for DefaultQuantConfig(). Keys
// and values are not checked here. Errors: those of DefaultQuantConfig();
// FAILED_PRECONDITION, NOTHING_QUANTIZED for a record without factors.
// file_name: of the record, for messages.
absl::StatusOr<QuantConfig> ConfigOfRecord(
    const amct::ScaleOffsetRecord& record, const caffe::NetParameter& net,
    const std::string& file_name, Target target = Target::kSs928);

// Checks that no key of `record` is a layer that fusion removed: factors must
// be those of the fused net, unless skip_fusion keeps the layer.
// Errors: INVALID_ARGUMENT, LAYER_NOT_FOUND with file and layer, in AMCT's
// words.
absl::Status CheckKeysSurvivedFusion(const amct::ScaleOffsetRecord& record,
                                     const FusionReport& report,
                                     const std::string& file_name);

// Checks that `plan`, made for `net` by ConfigOfRecord(), has a use for every
// factor of `record`, so that nothing that the user gave is dropped in silence.
// Errors, with file and layer: INVALID_ARGUMENT, OPTION_CONFLICT for a layer
// that cannot be quantized; FAILED_PRECONDITION, RECORD_INCONSISTENT with blob
// and other for an input that another layer reads for which there are none.
absl::Status CheckRecordUsed(const amct::ScaleOffsetRecord& record,
                             const caffe::NetParameter& net,
                             const QuantPlan& plan,
                             const std::string& file_name);

// What SS928 does not use: shift_bit (SHIFT_BIT_IGNORED).
std::vector<Warning> FindUnusedFields(const amct::ScaleOffsetRecord& record,
                                      const std::string& file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_USER_RECORD_H_
