// What a fusion pass did to which layers.
#ifndef QUANTD_ENGINE_GRAPH_FUSION_REPORT_H_
#define QUANTD_ENGINE_GRAPH_FUSION_REPORT_H_

#include <map>
#include <string>
#include <vector>

namespace quantd {

struct FusionReport {
  // By name of the remaining layer: the original names in order of fusion, the
  // head first. Only layers that fused something.
  std::map<std::string, std::vector<std::string>> fused;
  // By the same names: what the weights of each output channel were multiplied
  // by, as far as float32 tells.
  std::map<std::string, std::vector<float>> gains;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_GRAPH_FUSION_REPORT_H_
