// scale_offset_record.txt: AMCT's record of scales and offsets, SS928 schema.
// Not here: finding entries (engine/config/scale_record.h), CANN's schema
// (cann_record.h).
#ifndef QUANTD_ENGINE_EXPORT_RECORD_FILE_H_
#define QUANTD_ENGINE_EXPORT_RECORD_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/config/quant_plan.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `record` as text (record_text.h).
std::string RecordToText(const amct::ScaleOffsetRecord& record);

// Reads text; of an optional field that is repeated the last value counts.
// file_name: for messages. At most 64 MiB.
// Errors: INVALID_ARGUMENT, RECORD_INVALID with file, line and column for bad
// syntax, unknown fields (CANN's among them) and a missing index.
absl::StatusOr<amct::ScaleOffsetRecord> ParseRecord(
    absl::string_view text, const std::string& file_name);

// Checks `record` against `net`, the fused net, with AMCT's messages: keys are
// quantizable layers and unique; scales are in [2^-23, 2^23]; offset_d is in
// the range of its bits, num_bits_d in 8..16, index a quantizable input and
// unique; scale_w has one value, or one per channel for convolutions, and one
// per weight blob for recurrent layers, offset_w as many zeros, num_bits_w is
// 8, or 4 for clustered weights; shift_bit is 0 or in [1, 16]. A layer without
// weights may have scale_w 1.0 and offset_w 0, as AMCT's own pooling records.
// file_name: of the record, for messages. Errors: INVALID_ARGUMENT with file,
// layer and field: RECORD_INVALID; LAYER_NOT_FOUND; OPTION_CONFLICT for a layer
// that cannot be quantized; FAILED_PRECONDITION, SCALE_OUT_OF_RANGE.
absl::Status ValidateRecord(const amct::ScaleOffsetRecord& record,
                            const caffe::NetParameter& net,
                            const std::string& file_name);

// Checks that `record`, which passed ValidateRecord(), has the factors of
// everything in `plan`, the same for all consumers of a blob.
// Errors: FAILED_PRECONDITION: RECORD_INCOMPLETE with layer and index,
// RECORD_INCONSISTENT with blob, both layers and field.
absl::Status CheckRecordCovers(const amct::ScaleOffsetRecord& record,
                               const QuantPlan& plan);

// The part of `record` that `plan` quantizes, in the order of `net`, inputs by
// index; of other layers skip_fusion.
amct::ScaleOffsetRecord RecordOfPlan(const amct::ScaleOffsetRecord& record,
                                     const caffe::NetParameter& net,
                                     const QuantPlan& plan);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_RECORD_FILE_H_
