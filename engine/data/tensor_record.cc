#include "engine/data/tensor_record.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "proto/quantd/v1/tensor_record.pb.h"

namespace quantd {
namespace {

// The tag of field 1000, a message.
constexpr absl::string_view kFirstBytes("\xC2\x3E", 2);

absl::Status BadRecord(absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
               absl::StrCat("the record's arrays are not sound: ", why));
}

absl::Status Decode(const v1::NamedTensor& stored, RecordTensor* tensor) {
  const auto shape = Shape::Create({stored.dim().begin(), stored.dim().end()});
  if (!shape.ok()) return BadRecord("a shape is impossible");
  tensor->name = stored.name();
  tensor->shape = *shape;
  tensor->file = stored.file_name();
  const bool is_bytes = stored.type() == v1::NamedTensor::TYPE_UINT8;
  const auto count = static_cast<size_t>(shape->num_elements());
  const size_t found =
      is_bytes ? stored.data().size() : stored.data().size() / sizeof(float);
  if (found != count ||
      stored.data().size() != count * (is_bytes ? 1 : sizeof(float))) {
    return BadRecord(absl::StrCat("array \"", stored.name(), "\" of shape ",
                                  shape->ToString(), " holds ", found,
                                  " values"));
  }
  tensor->values.resize(count);
  for (size_t i = 0; is_bytes && i < count; ++i) {
    tensor->values[i] = static_cast<uint8_t>(stored.data()[i]);
  }
  if (!is_bytes) {
    std::memcpy(tensor->values.data(), stored.data().data(),
                count * sizeof(float));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsTensorRecord(absl::string_view record) {
  return absl::StartsWith(record, kFirstBytes);
}

absl::Status DecodeTensorRecord(absl::string_view record,
                                std::vector<RecordTensor>* tensors) {
  v1::TensorRecord parsed;
  if (!IsTensorRecord(record) ||
      !parsed.ParseFromArray(record.data(), static_cast<int>(record.size())) ||
      parsed.tensor().empty()) {
    return BadRecord("it cannot be parsed");
  }
  tensors->resize(parsed.tensor_size());
  for (int i = 0; i < parsed.tensor_size(); ++i) {
    RETURN_IF_ERROR(Decode(parsed.tensor(i), &(*tensors)[i]));
  }
  return absl::OkStatus();
}

}  // namespace quantd
