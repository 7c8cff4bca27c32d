// quant.json: which layer of the fake-quant model stands for which layers of
// the original one, for the vendor's accuracy comparison.
#ifndef QUANTD_ENGINE_EXPORT_QUANT_JSON_H_
#define QUANTD_ENGINE_EXPORT_QUANT_JSON_H_

#include <string>

#include "engine/config/quant_plan.h"
#include "engine/graph/fusion_report.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {

// {"name": name, "graph": [{"op": [...]}]} with one op per layer of
// `fake_quant`, in order: name, type (Input layers: "Data"), id from 0, input
// as "producer:top index". Fused and quantized layers, Quant and DeQuant layers
// also carry the names of the layers of `original` that they stand for, none
// for a layer that only the passes made; the first two also name the original
// layer whose output theirs equals, or the DeQuant layer behind them does.
std::string QuantJson(const std::string& name,
                      const caffe::NetParameter& original,
                      const caffe::NetParameter& fake_quant,
                      const FusionReport& fusion, const QuantPlan& plan);

}  // namespace quantd

#endif  // QUANTD_ENGINE_EXPORT_QUANT_JSON_H_
