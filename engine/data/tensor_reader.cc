#include "engine/data/tensor_reader.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/data/lmdb_source.h"

namespace quantd {
namespace {

absl::StatusOr<Shape> BatchShape(int64_t count, const Shape& record) {
  std::vector<int64_t> dims = {count};
  dims.insert(dims.end(), record.dims().begin(), record.dims().end());
  return Shape::Create(dims);
}

}  // namespace

absl::StatusOr<bool> TensorReader::HoldsTensors(const std::string& lmdb_path) {
  ASSIGN_OR_RETURN(const auto reader, LmdbReader::Open(lmdb_path));
  ASSIGN_OR_RETURN(const LmdbRecord first, reader->Next());
  return IsTensorRecord(first.value);
}

absl::StatusOr<std::unique_ptr<TensorReader>> TensorReader::Open(
    const std::string& lmdb_path) {
  ASSIGN_OR_RETURN(auto lmdb, LmdbReader::Open(lmdb_path));
  auto reader = absl::WrapUnique(new TensorReader(std::move(lmdb)));
  RETURN_IF_ERROR(reader->ReadRecord());
  for (const RecordTensor& tensor : reader->record_) {
    reader->arrays_.push_back({tensor.name, tensor.shape, tensor.file});
  }
  reader->is_first_read_ = true;
  return reader;
}

absl::Status TensorReader::ReadRecord() {
  ASSIGN_OR_RETURN(const LmdbRecord record, reader_->Next());
  key_.assign(record.key.data(), record.key.size());
  absl::Status status = DecodeTensorRecord(record.value, &record_);
  if (status.ok()) status = CheckRecord();
  if (status.ok()) return status;
  const std::string key = PrintableKey(key_);
  return Annotate(status,
                  absl::StrCat("data set ", reader_->directory(), ", record \"",
                               key, "\": "),
                  {{"dataset", reader_->directory()}, {"key", key}});
}

absl::Status TensorReader::CheckRecord() const {
  if (arrays_.empty()) return absl::OkStatus();
  bool is_same = record_.size() == arrays_.size();
  for (size_t i = 0; is_same && i < arrays_.size(); ++i) {
    is_same = record_[i].name == arrays_[i].name &&
              record_[i].shape == arrays_[i].shape;
  }
  if (is_same) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_SHAPE_MISMATCH",
               "its arrays have other names or shapes than those of the first "
               "record");
}

absl::StatusOr<int64_t> TensorReader::Next(int64_t count,
                                           const std::vector<Target>& batch) {
  count = std::min(count, num_records() - num_read_);
  if (count <= 0) return 0;
  for (size_t i = 0; i < arrays_.size(); ++i) {
    if (batch[i].tensor == nullptr) continue;
    ASSIGN_OR_RETURN(Shape shape, BatchShape(count, arrays_[i].shape));
    if (batch[i].is_whole) shape = arrays_[i].shape;
    RETURN_IF_ERROR(batch[i].tensor->Resize(shape));
  }
  for (int64_t n = 0; n < count; ++n) {
    if (!is_first_read_) RETURN_IF_ERROR(ReadRecord());
    is_first_read_ = false;
    ++num_read_;
    for (size_t i = 0; i < arrays_.size(); ++i) {
      if (batch[i].tensor == nullptr) continue;
      const std::vector<float>& values = record_[i].values;
      std::copy(values.begin(), values.end(),
                batch[i].tensor->data() + n * arrays_[i].shape.num_elements());
    }
  }
  return count;
}

}  // namespace quantd
