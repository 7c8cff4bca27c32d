// QuantParameter.offset in CANN's dialect: bytes, whose first one is the
// offset. In memory it is SS928's int32 (proto/caffe/caffe.proto); here it is
// turned into the other form and back, in texts and in binary files.
#ifndef QUANTD_ENGINE_MODEL_CANN_OFFSET_H_
#define QUANTD_ENGINE_MODEL_CANN_OFFSET_H_

#include <string>

#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `text`, a prototxt, with numbers in place of the strings that are the offset
// of a quant_param: `offset: "\200"` becomes `offset: -128`. An empty string is
// 0. Everything stays at its place, filled up with blanks, unless the number
// is longer than the string. Text that cannot be read is returned as it is.
std::string NumbersForCannOffsets(absl::string_view text);

// Moves the offsets of all Quant layers of `net`, in [-128, 127], into the form
// that CANN's schema has in a binary file.
void StoreCannOffsets(caffe::NetParameter* net);

// The reverse; offsets that are numbers already stay.
void LoadCannOffsets(caffe::NetParameter* net);

// `offset` as the text of CANN's field: "\200" in quotes for -128.
std::string CannOffsetText(int32_t offset);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_CANN_OFFSET_H_
