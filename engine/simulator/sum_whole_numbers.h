// Lets a fake-quant model sum whole numbers, so that the order of summation
// does not matter.
#ifndef QUANTD_ENGINE_SIMULATOR_SUM_WHOLE_NUMBERS_H_
#define QUANTD_ENGINE_SIMULATOR_SUM_WHOLE_NUMBERS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/simulator/split_sums.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// The type of a Quant layer whose top is whole numbers (MakeWholeQuantLayer()
// in engine/layers/whole_quant.h); no prototxt's.
inline constexpr char kWholeQuantType[] = "Quant/whole";

// scale_w of layers by their names, one or one per output channel, or per
// weight blob of a recurrent layer, as a record has them.
using KnownScales = std::map<std::string, std::vector<float>>;

// The types of the layers of split_sums.h; no prototxt's.
inline constexpr char kSplitType[] = "Quant/split";
inline constexpr char kJoinType[] = "Quant/join";

struct WholeNumberNet {
  caffe::NetParameter net;
  // By name, the layers of the last two types.
  std::map<std::string, SplitParams> splits;
  std::map<std::string, JoinParams> joins;
  // Layers with weights behind a Quant layer that go on summing floats: their
  // weights are no whole numbers of steps of at most 128, other layers have
  // them too, or sums may pass 2^24 and the axis is 0 or counted from the end.
  std::vector<std::string> float_sums;
};

// A Convolution, one of its depthwise kinds, a Deconvolution or an InnerProduct
// with one bottom, a Quant layer's top, becomes
//   Quant/whole       q - offset
//   the layer itself  with whole weights and biases (FindWholeWeights())
//   Scale             times scale_d * scale_w, one factor per channel
// if its sums certainly stay below 2^24, where float32 holds every whole
// number. If they may pass it, as those of more than 8 bits do, its data is
// split into parts for which they do not (split_sums.h), and
//   Quant/split       q - offset in parts, one behind the other in axis 0
//   the layer itself  with whole weights, without bias
//   Quant/join        the sums of the parts put together, bias and factors
// Either way the result is float(sum) * float(scale_d * scale_w), as the
// integer executor has it (engine/integer). All blobs keep names and values,
// but for the rounding of those sums; a Quant layer's top is left out or whole
// where only such layers read it and `is_observed` (by name) does not hold.
// `scales` may be empty, or of some layers: see FindWholeWeights().
// `net` is upgraded and filtered by phase, its layers have their blobs.
// Errors: those of GraphView::Create().
absl::StatusOr<WholeNumberNet> SumWholeNumbers(
    caffe::NetParameter net, const KnownScales& scales,
    const std::function<bool(const std::string&)>& is_observed);

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_SUM_WHOLE_NUMBERS_H_
