#include "engine/jobs/feed/network_feed.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/config/quantizable.h"
#include "engine/data/mean_file.h"

namespace quantd {
namespace {

// Of all blobs of one pass: 128 MB, of which a few layers' are in the caches at
// a time. Measured on SqueezeNet: less leaves threads waiting, more misses.
constexpr int64_t kElementsPerPass = int64_t{1} << 23;

// The batch must stay whole for this layer.
bool DependsOnBatch(const caffe::LayerParameter& layer) {
  if (layer.type() == "Reshape") {
    const auto& dims = layer.reshape_param().shape().dim();
    return layer.reshape_param().axis() == 0 && !dims.empty() && dims[0] != 0;
  }
  // States pass from one forward pass to the next.
  if (IsRecurrent(layer.type())) return true;
  return layer.type() == "BatchNorm" &&
         layer.batch_norm_param().has_use_global_stats() &&
         !layer.batch_norm_param().use_global_stats();
}

bool IsDataSource(const std::string& type) {
  static constexpr const char* kTypes[] = {"ImageData",  "HDF5Data",
                                           "MemoryData", "WindowData",
                                           "DummyData",  "Python"};
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&type](const char* other) { return type == other; });
}

absl::Status Unsupported(const std::string& message, const std::string& layer) {
  return Error(absl::StatusCode::kFailedPrecondition, "NETWORK_UNSUPPORTED",
               message, {{"layer", layer}});
}

// Layers that records cannot enter through, and those that write files.
absl::Status CheckLayer(const caffe::LayerParameter& layer) {
  if (IsDataSource(layer.type())) {
    return Unsupported(
        absl::StrCat("layer \"", layer.name(), "\" of type ", layer.type(),
                     " cannot be fed from a data set; use a Data or an Input "
                     "layer in its place"),
        layer.name());
  }
  if (layer.type() == "HDF5Output") {
    return Unsupported(absl::StrCat("layer \"", layer.name(),
                                    "\" of type HDF5Output writes a file, "
                                    "which jobs do not do; remove it"),
                       layer.name());
  }
  return absl::OkStatus();
}

// What an Input layer states for its top `index`; without axes if nothing.
Shape StatedShape(const caffe::LayerParameter& layer, int index) {
  const auto& shapes = layer.input_param().shape();
  if (layer.type() != "Input" || shapes.empty()) return Shape();
  const caffe::BlobShape& stated =
      shapes.Get(std::min(index, shapes.size() - 1));
  const auto shape = Shape::Create({stated.dim().begin(), stated.dim().end()});
  return shape.ok() ? *shape : Shape();
}

// The Data and Input layers, and whether images can enter through one of them.
struct Entries {
  std::vector<const caffe::LayerParameter*> layers;
  const caffe::LayerParameter* first =
      nullptr;  // A Data layer if there is one.
  absl::Status takes_images;
};

absl::StatusOr<Entries> FindEntries(const caffe::NetParameter& net) {
  Entries entries;
  const caffe::LayerParameter* data = nullptr;
  const caffe::LayerParameter* input = nullptr;
  for (const caffe::LayerParameter& layer : net.layer()) {
    RETURN_IF_ERROR(CheckLayer(layer));
    const bool is_data = layer.type() == "Data";
    if (!is_data && layer.type() != "Input") continue;
    if (layer.top_size() == 0) {
      return Unsupported(
          absl::StrCat("layer \"", layer.name(), "\" has no top"),
          layer.name());
    }
    entries.layers.push_back(&layer);
    const caffe::LayerParameter*& slot = is_data ? data : input;
    if (slot != nullptr || (!is_data && layer.top_size() != 1)) {
      entries.takes_images = Unsupported(
          absl::StrCat("layer \"", layer.name(), "\": the network has several ",
                       layer.type(),
                       " layers or inputs, which images cannot fill; give an "
                       "array for each, as in --data NAME=FILE.npy"),
          layer.name());
    }
    if (slot == nullptr) slot = &layer;
  }
  entries.first = data != nullptr ? data : input;
  if (entries.first != nullptr) return entries;
  return Unsupported("the network has no Data and no Input layer", "");
}

std::vector<FeedInput> InputsOf(const Entries& entries) {
  std::vector<FeedInput> inputs;
  for (const caffe::LayerParameter* layer : entries.layers) {
    for (int i = 0; i < layer->top_size(); ++i) {
      inputs.push_back({layer->top(i), StatedShape(*layer, i),
                        layer->type() == "Data" && i > 0});
    }
  }
  return inputs;
}

// The batch that all of several inputs state; 0 if there is none above 1.
int StatedBatch(const std::vector<FeedInput>& inputs) {
  const int64_t batch = inputs[0].stated.LegacyDim(0);
  const bool is_common = std::all_of(
      inputs.begin(), inputs.end(), [batch](const FeedInput& input) {
        return input.stated.LegacyDim(0) == batch;
      });
  const bool is_batch = inputs.size() > 1 && is_common && batch > 1;
  return is_batch ? static_cast<int>(std::min<int64_t>(batch, 1 << 20)) : 0;
}

Shape ImageShapeOf(const caffe::LayerParameter& input) {
  if (input.input_param().shape_size() == 0) return Shape();
  const caffe::BlobShape& stated = input.input_param().shape(0);
  if (stated.dim_size() < 2) return Shape();
  const auto shape = Shape::Create(
      std::vector<int64_t>(stated.dim().begin() + 1, stated.dim().end()));
  return shape.ok() ? *shape : Shape();
}

absl::Status CheckNoTransform(const v1::Transform& transform,
                              const caffe::LayerParameter& data) {
  const bool only_mean_file =
      transform.mean_value_size() == 0 && transform.scale() == 0 &&
      transform.crop_size() == 0 && transform.resize_height() == 0;
  if (only_mean_file && data.transform_param().has_mean_file()) {
    return absl::OkStatus();
  }
  return Error(
      absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
      absl::StrCat("the model's Data layer \"", data.name(),
                   "\" has its own transform_param; leave out the "
                   "mean, scale, crop and resize options, or use a model with "
                   "an Input layer"),
      {{"layer", data.name()}, {"options", "transform"}});
}

absl::Status SetMeanFile(const v1::BlobRef& file, const JobInputs& inputs,
                         NetworkFeed* feed) {
  ASSIGN_OR_RETURN(const std::string bytes, inputs.read_blob(file));
  ASSIGN_OR_RETURN(feed->mean, ParseMean(bytes, file.file_name()));
  feed->transform.clear_mean_file();
  return absl::OkStatus();
}

absl::Status ApplyTransform(const v1::Transform& transform,
                            const JobInputs& inputs, NetworkFeed* feed) {
  if (transform.crop_size() < 0) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_OUT_OF_RANGE",
                 absl::StrCat("crop_size is ", transform.crop_size(),
                              "; it must be positive, or 0 for no crop"),
                 {{"option", "crop_size"}});
  }
  for (const float mean : transform.mean_value()) {
    feed->transform.add_mean_value(mean);
  }
  if (transform.scale() != 0) feed->transform.set_scale(transform.scale());
  feed->resize_height = transform.resize_height();
  feed->resize_width = transform.resize_width();
  if (transform.crop_size() != 0) {
    feed->transform.set_crop_size(transform.crop_size());
  }
  if (!transform.has_mean_file()) return absl::OkStatus();
  return SetMeanFile(transform.mean_file(), inputs, feed);
}

}  // namespace

absl::StatusOr<NetworkFeed> FindFeed(const caffe::NetParameter& net,
                                     const v1::Transform* transform,
                                     const JobInputs& inputs) {
  ASSIGN_OR_RETURN(const Entries entries, FindEntries(net));
  const caffe::LayerParameter* const entry = entries.first;
  NetworkFeed feed;
  feed.takes_images = entries.takes_images;
  feed.inputs = InputsOf(entries);
  feed.has_job_transform = transform != nullptr;
  feed.data_blob = entry->top(0);
  if (entry->type() == "Input") {
    feed.image_shape = ImageShapeOf(*entry);
    feed.batch_size = StatedBatch(feed.inputs);
    if (transform != nullptr) {
      RETURN_IF_ERROR(ApplyTransform(*transform, inputs, &feed));
    }
    return feed;
  }
  if (entry->top_size() > 1) feed.label_blob = entry->top(1);
  feed.transform = entry->transform_param();
  if (entry->data_param().force_encoded_color() &&
      !feed.transform.force_gray()) {
    feed.transform.set_force_color(true);
  }
  feed.batch_size = static_cast<int>(
      std::min<uint32_t>(entry->data_param().batch_size(), 1 << 20));
  if (transform != nullptr) {
    RETURN_IF_ERROR(CheckNoTransform(*transform, *entry));
    RETURN_IF_ERROR(SetMeanFile(transform->mean_file(), inputs, &feed));
  }
  if (feed.takes_images.ok() && feed.transform.has_mean_file()) {
    feed.takes_images = Error(
        absl::StatusCode::kInvalidArgument, "OPTION_MISSING",
        absl::StrCat(
            "layer \"", entry->name(), "\": transform_param.mean_file names \"",
            feed.transform.mean_file(), "\"; pass that file with --mean-file"),
        {{"layer", entry->name()}, {"field", "mean_file"}});
  }
  return feed;
}

caffe::NetParameter WithInputLayer(caffe::NetParameter net,
                                   const std::vector<InputShape>& inputs,
                                   int64_t batch_size) {
  for (caffe::LayerParameter& layer : *net.mutable_layer()) {
    if (layer.type() != "Data" && layer.type() != "Input") continue;
    layer.set_type("Input");
    layer.clear_data_param();
    layer.clear_transform_param();
    layer.clear_input_param();
    for (const std::string& top : layer.top()) {
      caffe::BlobShape* shape = layer.mutable_input_param()->add_shape();
      const auto input = std::find_if(
          inputs.begin(), inputs.end(),
          [&top](const InputShape& other) { return other.blob == top; });
      if (input == inputs.end() || !input->is_whole) {
        shape->add_dim(batch_size);
      }
      if (input == inputs.end()) continue;
      for (const int64_t dim : input->record.dims()) shape->add_dim(dim);
    }
  }
  return net;
}

int64_t BatchSizeOf(const NetworkFeed& feed, int64_t wanted) {
  constexpr int64_t kDefaultBatchSize = 16;
  if (wanted > 0) return wanted;
  return feed.batch_size > 0 ? feed.batch_size : kDefaultBatchSize;
}

int64_t ImagesPerPass(const Net& net, int64_t batch_size) {
  int64_t elements = 1;
  for (int i = 0; i < net.num_layers(); ++i) {
    if (DependsOnBatch(net.layer(i).param())) return batch_size;
    for (const Tensor* top : net.tops(i)) elements += top->num_elements();
  }
  int64_t images =
      std::clamp<int64_t>(kElementsPerPass / elements, 1, batch_size);
  while (batch_size % images != 0) --images;
  return images;
}

}  // namespace quantd
