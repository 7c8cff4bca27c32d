// Reads TensorRecords: a data set's records that are arrays by name.
#ifndef QUANTD_ENGINE_DATA_TENSOR_RECORD_H_
#define QUANTD_ENGINE_DATA_TENSOR_RECORD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/core/shape.h"

namespace quantd {

struct RecordTensor {
  std::string name;
  Shape shape;  // Of this record, without a batch.
  std::vector<float> values;
  std::string file;  // The client's name of it; empty but in the first record.
};

// True of a serialized v1::TensorRecord, false of a caffe.Datum.
bool IsTensorRecord(absl::string_view record);

// Replaces `tensors`, whose memory is used again.
// Errors: FAILED_PRECONDITION, DATASET_CORRUPT when the record does not parse,
// has no tensors, or one's values do not fit its shape. The caller adds the
// data set and the key.
absl::Status DecodeTensorRecord(absl::string_view record,
                                std::vector<RecordTensor>* tensors);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_TENSOR_RECORD_H_
