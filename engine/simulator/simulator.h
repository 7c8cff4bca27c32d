// The one simulator of quantized networks: a fake-quant model that runs.
#ifndef QUANTD_ENGINE_SIMULATOR_SIMULATOR_H_
#define QUANTD_ENGINE_SIMULATOR_SIMULATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/core/net.h"
#include "engine/simulator/sum_whole_numbers.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// Net::Create() with MakeLayer() for any model; in one with Quant layers the
// layers behind them sum whole numbers where they can (SumWholeNumbers()),
// recurrent ones round their states as well (TakeWholeRecurrent()), and nothing
// is computed by algorithms that round more (Net::Options::fast_math).
// `scales` are those of a record if there is one at hand; the steps are found
// from the weights otherwise, a few of them but for the last bit.
// `float_sums`, if not null, gets the names of the layers that cannot.
// Without options.inference every blob is observed.
// Errors: those of Net::Create(). Not for options.backward: weights that are
// learned are no whole numbers.
absl::StatusOr<std::unique_ptr<Net>> CreateSimulator(
    caffe::NetParameter model, Net::Options options,
    const KnownScales& scales = {},
    std::vector<std::string>* float_sums = nullptr);

}  // namespace quantd

#endif  // QUANTD_ENGINE_SIMULATOR_SIMULATOR_H_
