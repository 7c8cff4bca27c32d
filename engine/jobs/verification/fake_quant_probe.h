// Watches a fake-quant network as it runs: the integers behind its Quant
// layers, those of recurrent states, and the floats of its quantized layers.
#ifndef QUANTD_ENGINE_JOBS_VERIFICATION_FAKE_QUANT_PROBE_H_
#define QUANTD_ENGINE_JOBS_VERIFICATION_FAKE_QUANT_PROBE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/core/net.h"
#include "engine/integer/deploy_net.h"
#include "engine/jobs/verification/model_pair.h"
#include "engine/simulator/whole_recurrent.h"

namespace quantd {

// Threads: compatible, not safe.
// Memory: 2 bytes for each integer and 4 for each float of one pass.
class FakeQuantProbe {
 public:
  FakeQuantProbe() = default;
  // `quants`: the Quant layers. `result_blobs`: what is watched besides, by
  // name of the layer that writes it.
  FakeQuantProbe(std::map<LayerInput, PairedQuant> quants,
                 std::map<std::string, std::string> result_blobs);

  // For Net::Options::watch_blobs.
  std::set<std::string> WatchedBlobs() const;

  // `net`, of CreateSimulator(), watches these blobs, and must outlive this.
  // Errors: BLOB_NOT_FOUND.
  absl::Status Attach(Net* net);

  // Net::Forward(). `after_layer` is called after every layer; an error ends
  // the pass.
  absl::Status Run(const std::function<absl::Status()>& after_layer);

  // Of the last Run(): the integers that a layer's input has,
  // DeployNet::kStates included, and the floats that a layer wrote, or a
  // recurrent layer's products. Only if Has(): recurrent layers may run without
  // integers.
  const std::vector<int16_t>& codes(const LayerInput& input) const;
  const std::vector<float>& results(const std::string& layer) const;
  bool Has(const LayerInput& input) const {
    return input.second != DeployNet::kStates ||
           recurrent_.count(input.first) > 0;
  }

 private:
  // Takes what layer `index` wrote.
  absl::Status Keep(int index);

  std::map<LayerInput, PairedQuant> quants_;
  std::map<std::string, std::string> result_blobs_;
  Net* net_ = nullptr;
  // By layer of the net.
  std::vector<std::vector<PairedQuant>> quants_by_layer_;
  std::vector<std::vector<std::string>> results_by_layer_;
  std::map<std::string, std::vector<int16_t>> codes_;  // By a Quant's top.
  std::map<std::string, std::vector<float>> results_;  // By layer.
  // By layer.
  std::map<std::string, const WholeRecurrentProducts*> recurrent_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_JOBS_VERIFICATION_FAKE_QUANT_PROBE_H_
