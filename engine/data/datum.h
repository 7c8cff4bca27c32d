// Reads caffe.Datum records, Caffe's unit of a data set.
#ifndef QUANTD_ENGINE_DATA_DATUM_H_
#define QUANTD_ENGINE_DATA_DATUM_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/data/decode_image.h"
#include "engine/data/image.h"

namespace quantd {

struct DecodedDatum {
  Image image;
  int32_t label = 0;
};

// The largest record that is read: 64 Mi float32 values.
inline constexpr size_t kMaxDatumBytes = (size_t{4} << 26) + 4096;

// Decodes `record`, a serialised caffe.Datum: raw bytes, float_data (packed or
// not), or an encoded JPEG or PNG file. Also read: the ufw form of Datum with
// `shape` (8) and `dtype` (9: float32, float16, signed and unsigned integers of
// 8, 16 and 32 bits), and AnnotatedDatum, which holds a Datum in its field 1.
// `mode` matters to encoded images only.
// Errors: FAILED_PRECONDITION, DATASET_CORRUPT when the record does not parse,
// its values do not fit its dimensions, or the image is damaged. The caller
// adds the data set and the key.
absl::Status DecodeDatum(absl::string_view record, ColorMode mode,
                         DecodedDatum* datum);

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_DATUM_H_
