// Which layers CANN's AMCT quantizes for Ascend chips: far fewer than for SS928
// (quantizable.h).
#ifndef QUANTD_ENGINE_CONFIG_ASCEND_H_
#define QUANTD_ENGINE_CONFIG_ASCEND_H_

#include <string>

#include "absl/strings/string_view.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// True for Convolution, Deconvolution, InnerProduct and Pooling.
bool IsAscendType(absl::string_view type);

// Why `layer` cannot be quantized for Ascend, a sentence without full stop;
// empty if it can. Quantized are Convolution with filters of four axes,
// Deconvolution of these without dilation, InnerProduct along axis 1 without
// transpose, and average pooling that is not global. Blobs are looked at if
// they are there. Source: CANN's AMCT user guide.
std::string AscendRefusal(const caffe::LayerParameter& layer);

}  // namespace quantd

#endif  // QUANTD_ENGINE_CONFIG_ASCEND_H_
