#include "engine/data/datum.h"

#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/half.h"
#include "base/status_macros.h"
#include "engine/data/tensor_record.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

absl::Status BadDatum(absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_CORRUPT",
               absl::StrCat("the record is not a sound Datum: ", why));
}

bool ParseMessage(absl::string_view bytes, caffe::Datum* datum) {
  return datum->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

absl::Status Parse(absl::string_view record, caffe::Datum* datum) {
  if (record.size() > kMaxDatumBytes) {
    return BadDatum(absl::StrCat("it has ", record.size(), " bytes; at most ",
                                 kMaxDatumBytes, " are read"));
  }
  if (IsTensorRecord(record)) {
    return BadDatum("it holds arrays; give a data set of images here");
  }
  if (!ParseMessage(record, datum)) return BadDatum("it cannot be parsed");
  // An AnnotatedDatum: its field 1 is a Datum, a Datum's is a number.
  const google::protobuf::UnknownFieldSet& unknown = datum->unknown_fields();
  for (int i = 0; i < unknown.field_count(); ++i) {
    const google::protobuf::UnknownField& field = unknown.field(i);
    if (field.number() != 1 ||
        field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      continue;
    }
    const std::string wrapped = field.length_delimited();
    if (!ParseMessage(wrapped, datum)) {
      return BadDatum("the Datum of an AnnotatedDatum cannot be parsed");
    }
    break;
  }
  return absl::OkStatus();
}

// `shape` stands before channels, height and width.
absl::Status SetDimensions(const caffe::Datum& datum, Image* image) {
  std::vector<int64_t> dims(datum.shape().dim().begin(),
                            datum.shape().dim().end());
  if (dims.empty()) dims = {datum.channels(), datum.height(), datum.width()};
  while (dims.size() > 3 && dims[0] == 1) dims.erase(dims.begin());
  while (dims.size() < 3) dims.push_back(1);
  if (dims.size() > 3) return BadDatum("it has more than three dimensions");
  int64_t num_elements = 1;
  for (const int64_t dim : dims) {
    if (dim <= 0 || dim > kMaxImagePixels ||
        (num_elements *= dim) > 4 * kMaxImagePixels) {
      return BadDatum(absl::StrCat("its dimensions ", dims[0], "x", dims[1],
                                   "x", dims[2], " (CxHxW) are impossible"));
    }
  }
  image->channels = dims[0];
  image->height = dims[1];
  image->width = dims[2];
  return absl::OkStatus();
}

absl::Status WrongCount(const Image& image, size_t found) {
  return BadDatum(absl::StrCat("its dimensions are ", image.channels, "x",
                               image.height, "x", image.width,
                               " (CxHxW), but it holds ", found, " values"));
}

template <typename T>
absl::Status SetFromBytes(absl::string_view data, Image* image) {
  const auto count = static_cast<size_t>(image->num_elements());
  if (data.size() != count * sizeof(T)) {
    return WrongCount(*image, data.size() / sizeof(T));
  }
  image->floats.resize(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    image->floats[i] = static_cast<float>(value);
  }
  return absl::OkStatus();
}

absl::Status SetFromUint8(absl::string_view data, Image* image) {
  if (data.size() != static_cast<size_t>(image->num_elements())) {
    return WrongCount(*image, data.size());
  }
  image->bytes.assign(data.begin(), data.end());
  return absl::OkStatus();
}

absl::Status SetValues(const caffe::Datum& datum, Image* image) {
  if (datum.data().empty()) {
    const auto& floats = datum.float_data();
    if (floats.size() != image->num_elements()) {
      return WrongCount(*image, floats.size());
    }
    image->floats.assign(floats.begin(), floats.end());
    return absl::OkStatus();
  }
  switch (datum.dtype()) {
    case caffe::Datum::UINT8:
      return SetFromUint8(datum.data(), image);
    case caffe::Datum::FP32:
      return SetFromBytes<float>(datum.data(), image);
    case caffe::Datum::INT8:
      return SetFromBytes<int8_t>(datum.data(), image);
    case caffe::Datum::INT16:
      return SetFromBytes<int16_t>(datum.data(), image);
    case caffe::Datum::UINT16:
      return SetFromBytes<uint16_t>(datum.data(), image);
    case caffe::Datum::INT32:
      return SetFromBytes<int32_t>(datum.data(), image);
    case caffe::Datum::UINT32:
      return SetFromBytes<uint32_t>(datum.data(), image);
    case caffe::Datum::FP16:
      return SetFromBytes<Half>(datum.data(), image);
  }
  return BadDatum(absl::StrCat("its dtype ", datum.dtype(), " is not known"));
}

}  // namespace

absl::Status DecodeDatum(absl::string_view record, ColorMode mode,
                         DecodedDatum* datum) {
  caffe::Datum parsed;
  RETURN_IF_ERROR(Parse(record, &parsed));
  datum->label = parsed.label();
  datum->image.bytes.clear();
  datum->image.floats.clear();
  if (parsed.encoded()) return DecodeImage(parsed.data(), mode, &datum->image);
  RETURN_IF_ERROR(SetDimensions(parsed, &datum->image));
  return SetValues(parsed, &datum->image);
}

}  // namespace quantd
