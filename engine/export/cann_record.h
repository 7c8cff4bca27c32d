// scale_offset_record.txt in CANN's schema (proto/amct): the same file name as
// SS928's and other fields. In memory all records are SS928's messages, whose
// input 0 has what CANN's fields for the data say.
// Not here: SS928's text and the checks of both (record_file.h).
#ifndef QUANTD_ENGINE_EXPORT_CANN_RECORD_H_
#define QUANTD_ENGINE_EXPORT_CANN_RECORD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/amct/scale_offset_record.pb.h"
#include "proto/amct/scale_offset_record_nnn.pb.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Entries keep their order; what CANN's schema lacks is left out: other inputs
// than the first, bits, object_layer.
amct::nnn::ScaleOffsetRecord ToCannRecord(
    const amct::ScaleOffsetRecord& record);

// The reverse. An entry without factors of the data gets no input.
amct::ScaleOffsetRecord FromCannRecord(
    const amct::nnn::ScaleOffsetRecord& record);

// As RecordToText() and ParseRecord() (record_file.h), with their errors.
std::string CannRecordToText(const amct::ScaleOffsetRecord& record);
absl::StatusOr<amct::ScaleOffsetRecord> ParseCannRecord(
    absl::string_view text, const std::string& file_name);

// Checks what ValidateRecord() does not know: every layer with factors can be
// quantized for Ascend (engine/config/ascend.h), and there are as many
// shift_bit as scale_w (one without weights), or none. Errors:
// INVALID_ARGUMENT with file and layer: OPTION_CONFLICT, RECORD_INVALID.
absl::Status CheckAscendRecord(const amct::ScaleOffsetRecord& record,
                               const caffe::NetParameter& net,
                               const std::string& file_name);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_CANN_RECORD_H_
