#include "base/npy/npy_array.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/half.h"
#include "base/npy/zip_directory.h"
#include "base/status_macros.h"
#include "base/string_file.h"

namespace quantd {
namespace {

constexpr int64_t kBlockBytes = int64_t{16} << 20;
constexpr int64_t kMaxUnpackedBytes = int64_t{256} << 20;

absl::Status CheckRows(const NpyArray& array) {
  const std::vector<int64_t>& shape = array.header.shape;
  if (shape.empty()) {
    return ArrayInvalid(
        "it is one value without axes; the first axis must be "
        "that of the records");
  }
  int64_t row_bytes = sizeof(float);
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    if (shape[axis] == 0) {
      return ArrayInvalid(absl::StrCat("its axis ", axis, " has size 0"));
    }
    row_bytes = std::min(row_bytes, kMaxNpyRowBytes + 1) *
                std::min(shape[axis], kMaxNpyRowBytes + 1);
  }
  if (row_bytes > kMaxNpyRowBytes) {
    return ArrayInvalid(absl::StrCat("one of its records has more than ",
                                     kMaxNpyRowBytes, " bytes"));
  }
  return absl::OkStatus();
}

// Reads the header of what `array` says where it lies.
absl::Status ReadHeader(NpyArray* array) {
  ASSIGN_OR_RETURN(const auto stream, OpenStream(array->file, array->bytes));
  std::string start, rest;
  RETURN_IF_ERROR(
      stream->Read(std::min(kNpyPrefixBytes, array->bytes.size), &start));
  ASSIGN_OR_RETURN(const int64_t offset, NpyDataOffset(start));
  if (offset > static_cast<int64_t>(start.size())) {
    RETURN_IF_ERROR(
        stream->Read(offset - static_cast<int64_t>(start.size()), &rest));
  }
  ASSIGN_OR_RETURN(array->header, ParseNpyHeader(start + rest));
  const int64_t found = array->bytes.size - array->header.data_offset;
  if (found != array->header.num_bytes()) {
    return ArrayInvalid(absl::StrCat(
        "by its header it has ", array->header.num_bytes(),
        " bytes of values, but it has ", found, ": copy or write it again"));
  }
  return CheckRows(*array);
}

// The same array, unpacked in memory.
absl::Status UnpackWhole(NpyArray* array) {
  if (array->bytes.size > kMaxUnpackedBytes) {
    return ArrayInvalid(absl::StrCat(
        "it is compressed, in Fortran order and has ", array->bytes.size,
        " bytes: as it cannot be read in parts, at most ", kMaxUnpackedBytes,
        " are read; write it with numpy.ascontiguousarray()"));
  }
  ASSIGN_OR_RETURN(const auto stream, OpenStream(array->file, array->bytes));
  std::string bytes;
  RETURN_IF_ERROR(stream->Read(array->bytes.size, &bytes));
  array->file = std::make_shared<StringFile>(std::move(bytes));
  array->bytes = {0, array->bytes.size, array->bytes.size, false, 0};
  return absl::OkStatus();
}

// Position in C order of the element of a row that has place `index` in Fortran
// order.
class FortranOrder {
 public:
  explicit FortranOrder(std::vector<int64_t> shape)
      : shape_(std::move(shape)), index_(shape_.size(), 0) {
    strides_.resize(shape_.size());
    int64_t stride = 1;
    for (size_t axis = shape_.size(); axis-- > 0;) {
      strides_[axis] = stride;
      stride *= shape_[axis];
    }
  }

  int64_t position() const { return position_; }

  void Advance() {
    for (size_t axis = 0; axis < shape_.size(); ++axis) {
      position_ += strides_[axis];
      if (++index_[axis] < shape_[axis]) return;
      position_ -= strides_[axis] * shape_[axis];
      index_[axis] = 0;
    }
  }

 private:
  const std::vector<int64_t> shape_;
  std::vector<int64_t> index_;
  std::vector<int64_t> strides_;
  int64_t position_ = 0;
};

template <typename T>
std::vector<float> Convert(bool big_endian, absl::string_view bytes) {
  std::vector<float> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    char stored[sizeof(T)];
    std::memcpy(stored, bytes.data() + i * sizeof(T), sizeof(T));
    if (big_endian) std::reverse(stored, stored + sizeof(T));
    T value;
    std::memcpy(&value, stored, sizeof(T));
    values[i] = static_cast<float>(value);
  }
  return values;
}

}  // namespace

std::vector<int64_t> NpyArray::row_shape() const {
  if (header.shape.empty()) return {};
  return {header.shape.begin() + 1, header.shape.end()};
}

int64_t NpyArray::row_elements() const {
  int64_t count = 1;
  for (const int64_t dim : row_shape()) count *= dim;
  return count;
}

absl::StatusOr<NpyArray> OpenNpy(std::shared_ptr<const ReadFile> file,
                                 int64_t file_size) {
  NpyArray array;
  array.file = std::move(file);
  array.bytes = {0, file_size, file_size, false, 0};
  RETURN_IF_ERROR(ReadHeader(&array));
  return array;
}

absl::StatusOr<std::vector<NpyArray>> OpenNpz(
    std::shared_ptr<const ReadFile> file, int64_t file_size) {
  ASSIGN_OR_RETURN(const std::vector<ZipMember> members,
                   ReadZipDirectory(*file, file_size));
  std::vector<NpyArray> arrays;
  std::set<std::string> names;
  for (const ZipMember& member : members) {
    if (!absl::EndsWith(member.name, ".npy")) continue;
    NpyArray array;
    array.name = std::string(absl::StripSuffix(member.name, ".npy"));
    array.file = file;
    array.bytes = {member.offset, member.packed_size, member.size,
                   member.deflated, member.crc32};
    if (!names.insert(array.name).second) {
      return ArrayInvalid(absl::StrCat("the archive has two arrays \"",
                                       array.name, "\"; keep one"));
    }
    RETURN_IF_ERROR(Annotate(ReadHeader(&array),
                             absl::StrCat("array \"", array.name, "\": "),
                             {{"array", array.name}}));
    arrays.push_back(std::move(array));
  }
  if (arrays.empty()) {
    return ArrayInvalid(
        "the archive has no arrays: write it with "
        "numpy.savez()");
  }
  return arrays;
}

absl::StatusOr<std::unique_ptr<NpyRows>> NpyRows::Start(NpyArray array,
                                                        int64_t first) {
  if (array.header.fortran_order && array.bytes.deflated) {
    RETURN_IF_ERROR(UnpackWhole(&array));
  }
  auto rows = absl::WrapUnique(new NpyRows(std::move(array)));
  const NpyHeader& header = rows->array_.header;
  rows->next_ = first;
  rows->row_bytes_ = rows->array_.row_elements() * SizeOf(header.type);
  if (header.fortran_order) return rows;
  ASSIGN_OR_RETURN(rows->stream_,
                   OpenStream(rows->array_.file, rows->array_.bytes));
  RETURN_IF_ERROR(
      rows->stream_->Skip(header.data_offset + first * rows->row_bytes_));
  return rows;
}

absl::StatusOr<absl::string_view> NpyRows::Next() {
  if (stream_ != nullptr) {
    RETURN_IF_ERROR(stream_->Read(row_bytes_, &buffer_));
    return absl::string_view(buffer_);
  }
  if (next_ >= block_start_ + block_rows_) RETURN_IF_ERROR(ReadFortranBlock());
  const int64_t row = next_++ - block_start_;
  return absl::string_view(buffer_).substr(row * row_bytes_, row_bytes_);
}

absl::Status NpyRows::ReadFortranBlock() {
  const int64_t item = SizeOf(array_.header.type);
  const int64_t num_rows = array_.num_rows();
  block_start_ = next_;
  block_rows_ =
      std::clamp<int64_t>(kBlockBytes / row_bytes_, 1, num_rows - block_start_);
  buffer_.resize(block_rows_ * row_bytes_);
  FortranOrder order(array_.row_shape());
  const int64_t values = array_.bytes.offset + array_.header.data_offset;
  for (int64_t i = 0; i < array_.row_elements(); ++i, order.Advance()) {
    ASSIGN_OR_RETURN(
        const std::string column,
        array_.file->ReadAt(values + (i * num_rows + block_start_) * item,
                            block_rows_ * item));
    if (static_cast<int64_t>(column.size()) != block_rows_ * item) {
      return ArrayInvalid("it is cut off: copy or write it again");
    }
    for (int64_t row = 0; row < block_rows_; ++row) {
      std::memcpy(&buffer_[row * row_bytes_ + order.position() * item],
                  column.data() + row * item, item);
    }
  }
  return absl::OkStatus();
}

std::vector<float> ToFloats(const NpyHeader& header, absl::string_view values) {
  const bool big = header.big_endian;
  switch (header.type) {
    case NpyType::kBool:
    case NpyType::kUint8:
      return Convert<uint8_t>(big, values);
    case NpyType::kInt8:
      return Convert<int8_t>(big, values);
    case NpyType::kInt16:
      return Convert<int16_t>(big, values);
    case NpyType::kInt32:
      return Convert<int32_t>(big, values);
    case NpyType::kInt64:
      return Convert<int64_t>(big, values);
    case NpyType::kUint16:
      return Convert<uint16_t>(big, values);
    case NpyType::kUint32:
      return Convert<uint32_t>(big, values);
    case NpyType::kUint64:
      return Convert<uint64_t>(big, values);
    case NpyType::kFloat16:
      return Convert<Half>(big, values);
    case NpyType::kFloat32:
      return Convert<float>(big, values);
    case NpyType::kFloat64:
      return Convert<double>(big, values);
  }
  return {};
}

}  // namespace quantd
