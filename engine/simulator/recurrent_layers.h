// The recurrent layers of a fake-quant model that run with whole numbers.
#ifndef QUANTD_ENGINE_SIMULATOR_RECURRENT_LAYERS_H_
#define QUANTD_ENGINE_SIMULATOR_RECURRENT_LAYERS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/simulator/sum_whole_numbers.h"
#include "engine/simulator/whole_recurrent.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

struct WholeRecurrentLayers {
  // By layer.
  std::map<std::string, std::unique_ptr<WholeRecurrentProducts>> products;
  // Layers behind a Quant layer that sum floats: their weights are no whole
  // numbers; or they also multiply floats, as they share parameters, or their
  // static input is not quantized. These last ones have no products.
  std::vector<std::string> float_sums;
};

// Takes the blobs from the recurrent layers whose x, and static input, are
// Quant layers' tops. `net` and `scales`: as SumWholeNumbers().
// Errors: those of GraphView::Create().
absl::StatusOr<WholeRecurrentLayers> TakeWholeRecurrent(
    const KnownScales& scales, caffe::NetParameter* net);

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_RECURRENT_LAYERS_H_
