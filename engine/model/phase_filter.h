// Which layers of a net exist in a state: phase, level, stages.
#ifndef QUANTD_ENGINE_MODEL_PHASE_FILTER_H_
#define QUANTD_ENGINE_MODEL_PHASE_FILTER_H_

#include "absl/status/statusor.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// `net` (upgraded) with only the layers that `state` selects, in order. What
// has been decided is cleared: the layers' rules and net.state.
// A layer without rules stays; with include rules it stays if one is met; with
// exclude rules it goes if one is met. A layer's own `phase` field is no rule.
// Errors: INVALID_ARGUMENT, MODEL_INVALID with layer: include and exclude in
//   one layer, a layer without a name, two selected layers of one name.
absl::StatusOr<caffe::NetParameter> FilterNet(caffe::NetParameter net,
                                              const caffe::NetState& state);

// True if `state` meets every condition of `rule`.
bool StateMeetsRule(const caffe::NetState& state,
                    const caffe::NetStateRule& rule);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_PHASE_FILTER_H_
