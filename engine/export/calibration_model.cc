#include "engine/export/calibration_model.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace quantd {
namespace {

caffe::LayerParameter IfmrLayer(const QuantizedBlob& blob, int64_t batch_num,
                                const std::string& record_path, Target target) {
  const BlobConsumer& first = blob.consumers.front();
  caffe::LayerParameter layer;
  layer.set_name(
      absl::StrCat(first.layer, "_", first.bottom_index, "_ifmr_layer"));
  layer.set_type("IFMR");
  if (blob.searched.empty()) layer.add_bottom(blob.blob);
  for (const std::string& searched : blob.searched) layer.add_bottom(searched);
  caffe::IFMRParameter* ifmr = layer.mutable_ifmr_param();
  ifmr->set_batch_num(static_cast<uint32_t>(batch_num));
  ifmr->set_with_offset(blob.with_offset);
  ifmr->set_search_range_start(blob.params.search_range_start);
  ifmr->set_search_range_end(blob.params.search_range_end);
  ifmr->set_search_step(blob.params.search_step);
  ifmr->set_max_percentile(blob.params.max_percentile);
  ifmr->set_min_percentile(blob.params.min_percentile);
  for (const BlobConsumer& consumer : blob.consumers) {
    ifmr->add_object_layer(consumer.layer);
  }
  ifmr->set_record_file_path(record_path);
  if (target == Target::kAscend) return layer;
  ifmr->set_index(first.bottom_index);
  ifmr->set_num_bits(blob.params.num_bits);
  return layer;
}

}  // namespace

caffe::NetParameter CalibrationModel(caffe::NetParameter net,
                                     const QuantPlan& plan, int64_t batch_num,
                                     const std::string& record_path,
                                     Target target) {
  std::map<std::string, int> behind;  // Its producer, by blob.
  for (int i = 0; i < net.layer_size(); ++i) {
    for (const std::string& top : net.layer(i).top()) behind[top] = i + 1;
  }
  // By index of the layer that they stand in front of.
  std::map<int, std::vector<caffe::LayerParameter>> inserted;
  for (const QuantizedBlob& blob : plan.blobs) {
    int index = blob.consumers.front().layer_index;
    for (const std::string& searched : blob.searched) {
      index = std::max(index, behind[searched]);
    }
    inserted[index].push_back(IfmrLayer(blob, batch_num, record_path, target));
  }
  google::protobuf::RepeatedPtrField<caffe::LayerParameter> layers;
  layers.Swap(net.mutable_layer());
  for (int i = 0; i < layers.size(); ++i) {
    for (caffe::LayerParameter& ifmr : inserted[i]) {
      *net.add_layer() = std::move(ifmr);
    }
    net.add_layer()->Swap(layers.Mutable(i));
  }
  return net;
}

}  // namespace quantd
